//! alloc_pools
