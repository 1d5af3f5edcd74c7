"""What several exercises of lesson 09 share."""

ORDERS = (3, 4, 5)
