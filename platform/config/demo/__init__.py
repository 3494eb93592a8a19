"""`manage.py demo`: one complete turn of the loop on faces that the product makes itself."""
