"""What the documentation does not repeat by hand: pages made from the parser, the schema, the card and the library."""
