"""The paper that a spoken order owes (补办手续)."""
