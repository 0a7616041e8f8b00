"""What people do in a shop, reckoned over columns of events: what brought them, pages, searches, products, carts."""
