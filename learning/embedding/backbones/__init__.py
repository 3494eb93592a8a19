"""Networks from images, landmarks and point clouds to embeddings, one a file; ``registry`` names them."""
