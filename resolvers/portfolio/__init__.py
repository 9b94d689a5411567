"""How the portfolio changes: products, initiatives, and what is planned and said of them."""
