"""What people did on a page: where they clicked, on what, and how far down they scrolled."""
