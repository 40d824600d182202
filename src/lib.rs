//! Teller: a wallet and ledger server.
