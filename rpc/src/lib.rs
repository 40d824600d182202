//! Multiplexed, batching, deadline-aware RPC over TCP.
