"""How fast the product is at 100,000 and 1,000,000 experts, and the fictional people to measure it with.

`load` fills an empty database by COPY, `pages` asks the product's own pages, `report` writes down what it
took. Nothing here runs in the product.
"""
