"""Sound: recordings decoded, turned into log-mel spectrograms by one frozen front end, and synthesised for demos."""
