//! Every type of problem there is: its name in `type`, its title, and what it is, in order of precedence.
//!
//! `docs/problems.md` says the same, and a test holds the two together. Statuses are in [`super::reply`].

macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $name:ident $slug:literal $title:literal;)*) => {
        /// What kind of problem.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Kind { $($(#[doc = $about])+ $name),* }

        impl Kind {
            /// All of them, in order of precedence.
            pub(super) const ALL: &[Self] = &[$(Self::$name),*];

            /// What `type` says: a stable address, relative to this server, that answers what it means.
            pub(super) const fn uri(self) -> &'static str {
                match self { $(Self::$name => concat!("/problems/", $slug)),* }
            }

            /// A few words for people.
            pub(super) const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),* }
            }

            /// What it is, and what to do about it.
            pub(super) const fn about(self) -> &'static str {
                match self { $(Self::$name => concat!($($about),+)),* }
            }
        }
    };
}

kinds! {
    /// Too many requests, or too many sign-ins that failed, from this address or for this account. Nothing was executed. Try again after
    /// `Retry-After` seconds.
    TooManyRequests "too-many-requests" "Too many requests";
    /// The request has no session, or one that has expired or was ended. Sign in, and send the access token (`Authorization: Bearer`) or the
    /// cookie; of an access token that has expired, exchange the refresh token. A refresh token that is worth nothing is answered so too.
    Unauthenticated "unauthenticated" "Not signed in";
    /// A value breaks a rule that needs no look at any account: `field` names it, `detail` says the rule. Nothing was executed.
    InvalidRequest "invalid-request" "Invalid request";
    /// Only an operator may do this.
    OperatorOnly "operator-only" "Operators only";
    /// The user name is taken.
    UserExists "user-exists" "User name taken";
    /// The e-mail address is another user's.
    EmailExists "email-exists" "E-mail address taken";
    /// There is no such user.
    UserNotFound "user-not-found" "No such user";
    /// The password is another.
    WrongPassword "wrong-password" "Wrong password";
    /// There is no such user, or the password is another. Which of the two is not said.
    WrongLogin "wrong-login" "Wrong user name or password";
    /// There is no such session, or it is another user's.
    SessionNotFound "session-not-found" "No such session";
    /// There is an account of this user in this currency: `account_id`.
    AccountExists "account-exists" "Account exists";
    /// The id or `Idempotency-Key` was used for a request of this kind that differs in `field`. Choose another key for another request. A batch is
    /// one request: with anything in it changed, added or left out all of it is refused, unless nothing of the first one was in effect.
    KeyReused "key-reused" "Key used for another request";
    /// The same request under the same `Idempotency-Key` is still running. It is done once; try again after `Retry-After` seconds, and it is
    /// answered as it ended.
    StillRunning "still-running" "Still running";
    /// There is no such transfer, or it is between accounts of others.
    TransferNotFound "transfer-not-found" "No such transfer";
    /// There is no such statement, or no such line in it, or it is of another user's account.
    StatementNotFound "statement-not-found" "No such statement";
    /// There is no such payment, or it is another user's.
    PaymentNotFound "payment-not-found" "No such payment";
    /// The token is another payment's, which differs in `field`. Take another token for another payment.
    PaymentDiffers "payment-differs" "Token of another payment";
    /// The payment has not succeeded, so there is nothing to give back: `GET /v1/payments/{id}` tells how far it is.
    PaymentNotPaid "payment-not-paid" "Payment not paid";
    /// There is no such webhook, or it is another user's.
    WebhookNotFound "webhook-not-found" "No such webhook";
    /// The user has as many webhooks as there may be: delete one first.
    TooManyWebhooks "too-many-webhooks" "Too many webhooks";
    /// No operator has set a rate for this pair of currencies, in this direction.
    RateNotFound "rate-not-found" "No such rate";
    /// The quote was not given by this service, has been changed, or is another user's. Ask for another one.
    QuoteNotFound "quote-not-found" "No such quote";
    /// The quote's time is over. What was converted with it in time is still answered; otherwise ask for another one.
    QuoteExpired "quote-expired" "Quote expired";
    /// The transfer was posted at once: there is nothing to post or to void.
    NotPending "not-pending" "Not a pending transfer";
    /// The pending transfer holds a payment's money, and ends as the gateway says: `GET /payment/status` tells how far it is.
    OfPayment "of-payment" "Belongs to a payment";
    /// Money cannot go from an account to itself.
    SameAccount "same-account" "Both accounts are the same";
    /// There is no such account, or it belongs to another user. `field` names the account where there are two.
    AccountNotFound "account-not-found" "No such account";
    /// An operator has frozen the account that `field` names: nothing comes in or goes out.
    AccountFrozen "account-frozen" "Account frozen";
    /// The account that `field` names is closed for good.
    AccountClosed "account-closed" "Account closed";
    /// The account that `field` names is not in the currency of the transfer; `currency` is the account's.
    CurrencyMismatch "currency-mismatch" "Another currency";
    /// The pending transfer was posted, voided or has expired before: `status_now` says which.
    AlreadySettled "already-settled" "Already settled";
    /// The pending transfer's time is over, and its money is about to be released.
    HoldExpired "hold-expired" "Expired";
    /// The pending transfer's time is not over yet.
    HoldNotExpired "hold-not-expired" "Not expired";
    /// The amount must be more than zero.
    AmountNotPositive "amount-not-positive" "Amount not positive";
    /// The amount has more decimals than the currency, which has as many as `decimals`.
    TooManyDecimals "too-many-decimals" "Too many decimals";
    /// The amount, or a balance after it, would have more than 38 digits.
    AmountTooLarge "amount-too-large" "Amount too large";
    /// The amount is worth less than one minor unit of the currency that is to be bought.
    AmountTooSmall "amount-too-small" "Amount too small";
    /// More is to be posted than the pending transfer holds: `available`.
    MoreThanHeld "more-than-held" "More than is held";
    /// More is to be given back than was paid and is not given back yet, or promised to be: `available`.
    MoreThanPaid "more-than-paid" "More than was paid";
    /// The gateway gives nothing back; `detail` says why. It stays so under this `Idempotency-Key`: another key is another try.
    RefundDeclined "refund-declined" "Refund declined";
    /// Another transfer in the same direction has this reference: `transfer_id`, which an operator may look at.
    ReferenceUsed "reference-used" "Reference used";
    /// The account has less than the amount: `available` is what may leave it, which is its balance less what is held, down to its floor.
    InsufficientFunds "insufficient-funds" "Insufficient funds";
    /// The house cannot sell so much of that currency now. Nothing was converted; a smaller amount, or the same later, may be.
    InsufficientLiquidity "insufficient-liquidity" "Not enough to sell";
    /// Another transfer of the same chain, or of an atomic batch, was refused: the one at the place `index`, from 0.
    ChainBroken "chain-broken" "Chain broken";
    /// Only an account without money, and without a refund on its way to it, can be closed.
    AccountNotEmpty "account-not-empty" "Account not empty";
    /// Too much to do, or a part of the service is away. No money was moved; a change of an account may be in effect. Try again after
    /// `Retry-After` seconds.
    Unavailable "unavailable" "Unavailable";
    /// Nobody knows yet whether the transfer, or any of a batch, is in effect. Send the same request with the same `Idempotency-Key` again:
    /// it is executed at most once, and the answer holds. Where a `transfer_id` is given, a transfer that is found by it is in effect; that it is
    /// not found proves nothing, because it may come into effect yet.
    OutcomeUnknown "outcome-unknown" "Outcome unknown";
    /// Something of ours failed. It is in our log under the request's id.
    Internal "internal" "Internal error";
}

impl Kind {
    /// The kind of that name.
    pub(super) fn of(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.uri().strip_prefix("/problems/") == Some(slug))
    }
}

/// What is shown at the address of a type.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct Explanation {
    /// Its stable address, relative to this server.
    r#type: &'static str,
    /// A few words for people.
    title: &'static str,
    /// The HTTP status that it comes with.
    status: u16,
    /// What it is, and what to do about it.
    about: &'static str,
}

impl Explanation {
    /// Of `kind`, which is answered with `status`.
    pub(super) fn of(kind: Kind, status: u16) -> Self {
        Self { r#type: kind.uri(), title: kind.title(), status, about: kind.about().trim_start() }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::http::reply::Reply;

    #[test]
    fn the_manual_of_problems_says_what_the_server_says_in_the_same_order() {
        let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/problems.md")).expect("a file");
        let (_, sections) = manual.split_once("\n## ").expect("it has sections");
        let written: Vec<String> = sections.split("\n## ").map(|section| section.trim().to_owned()).collect();
        let status = |kind: &Kind| Reply::of_kind(*kind).status();
        let section = |kind: &Kind| {
            let slug = kind.uri().strip_prefix("/problems/").expect("all begin so");
            assert_eq!(Kind::of(slug), Some(*kind));
            format!("{slug}\n\n{} {}. {}", status(kind), kind.title(), kind.about().trim())
        };
        assert_eq!(written, Kind::ALL.iter().map(section).collect::<Vec<_>>());
    }
}
