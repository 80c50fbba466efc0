"""What others promise: agreement, capacity and called-for social stock. Never lots, never balances."""
