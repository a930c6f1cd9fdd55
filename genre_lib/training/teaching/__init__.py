"""Teaching a trained network genres of one's own: a linear head on its frozen features, and what is none of them."""
