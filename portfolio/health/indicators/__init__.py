"""What is measured of a node: the parts of each dimension, scored from facts."""
