"""What clients may ask of the portfolio: products, initiatives, and what is planned and said of them."""
