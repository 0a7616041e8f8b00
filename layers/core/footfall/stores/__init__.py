"""The stores: MongoDB, Redis, Milvus and S3, each behind one module."""
