"""How values become one: the fold, the tree it folds, and what a portfolio hands on to the one above."""
