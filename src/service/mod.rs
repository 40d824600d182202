//! What each call does: authorise, ask the stores, answer.
