//! What the target says beside its route: ids in the path, and parameters, strict as bodies are.

use std::borrow::Cow;

use super::json::{ID_MAX, number};
use crate::api::Refusal;
use crate::api::account::PAGE_MAX;
use crate::api::payment::PaymentName;
use crate::domain::account::AccountId;
use crate::domain::audit::AuditKind;
use crate::domain::invalid::Invalid;
use crate::domain::payment::{OrderId, PaymentToken};
use crate::domain::session::SessionNumber;
use crate::domain::time::Timestamp;
use crate::domain::transfer::TransferId;
use crate::domain::user::UserId;
use crate::domain::webhook::WebhookId;

/// Items on a page unless `limit` says otherwise.
const PAGE: u16 = 100;

/// Names and values, in their order.
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// A query's parameters.
#[derive(Debug)]
pub(super) struct Query<'a>(Pairs<'a>);

impl<'a> Query<'a> {
    /// Reads a query that may have the parameters `names` and no others.
    pub(super) fn read(names: &[&str], query: Option<&'a str>) -> Result<Self, Invalid> {
        let pairs = pairs(query)?;
        match pairs.iter().find(|(name, _)| !names.contains(&name.as_ref())) {
            Some((name, _)) => {
                Err(Invalid::new(name.chars().take(64).collect::<String>(), "is not a parameter of this request"))
            }
            None => Self::once_each(pairs),
        }
    }

    /// Reads the parameters `names` of a query, and passes over others: for contracts that are older than this.
    pub(super) fn known(names: &[&str], query: Option<&'a str>) -> Result<Self, Invalid> {
        let mut pairs = pairs(query)?;
        pairs.retain(|(name, _)| names.contains(&name.as_ref()));
        Self::once_each(pairs)
    }

    fn once_each(pairs: Pairs<'a>) -> Result<Self, Invalid> {
        for (index, (name, _)) in pairs.iter().enumerate() {
            if pairs[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(Invalid::new(name.clone().into_owned(), "must be given once"));
            }
        }
        Ok(Self(pairs))
    }

    /// A parameter as it was sent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }

    /// How many items a page has.
    pub(super) fn limit(&self) -> Result<u16, Invalid> {
        self.limit_within((PAGE, PAGE_MAX))
    }

    /// The same with limits of its own: what it is without a word, and at most.
    pub(super) fn limit_within(&self, (usual, most): (u16, u16)) -> Result<u16, Invalid> {
        let Some(text) = self.text("limit") else { return Ok(usual) };
        Ok(number("limit", text, most.into())? as u16)
    }

    /// Where the page before ended.
    pub(super) fn cursor(&self) -> Result<Option<u64>, Invalid> {
        self.place("cursor", position)
    }

    /// Where the page before ended, as `read` understands it.
    pub(super) fn place<T>(&self, name: &'static str, read: fn(&str) -> Option<T>) -> Result<Option<T>, Invalid> {
        let unknown = || Invalid::new(name, "must be one that an answer gave as next");
        self.text(name).map(|text| read(text).ok_or_else(unknown)).transpose()
    }

    /// A user to look for.
    pub(super) fn user(&self) -> Result<Option<UserId>, Invalid> {
        self.text("user_id").map(|text| number("user_id", text, ID_MAX).map(UserId)).transpose()
    }

    /// A kind of event to look for.
    pub(super) fn audit_kind(&self) -> Result<Option<AuditKind>, Invalid> {
        self.text("kind").map(AuditKind::parse).transpose()
    }

    /// The first microsecond that is not before the instant `name`: a bound that counts whole microseconds from there on.
    pub(super) fn since_instant(&self, name: &'static str) -> Result<Option<Timestamp>, Invalid> {
        self.instant(name).map(|found| found.map(|nanos| Timestamp(micros(-(-nanos).div_euclid(1000)))))
    }

    /// The last microsecond that is not after the instant `name`.
    pub(super) fn at_instant(&self, name: &'static str) -> Result<Option<Timestamp>, Invalid> {
        self.instant(name).map(|found| found.map(|nanos| Timestamp(micros(nanos.div_euclid(1000)))))
    }

    /// The first microsecond of the day or instant `name`. Days are of UTC.
    pub(super) fn first_of(&self, name: &'static str) -> Result<Option<Timestamp>, Invalid> {
        match self.text(name).and_then(day) {
            Some((first, _)) => Ok(Some(first)),
            None => self.since_instant(name).map_err(|_| day_or_instant(name)),
        }
    }

    /// The last microsecond of the day or instant `name`. Days are of UTC.
    pub(super) fn last_of(&self, name: &'static str) -> Result<Option<Timestamp>, Invalid> {
        match self.text(name).and_then(day) {
            Some((_, last)) => Ok(Some(last)),
            None => self.at_instant(name).map_err(|_| day_or_instant(name)),
        }
    }

    /// Nanoseconds since 1970.
    fn instant(&self, name: &'static str) -> Result<Option<i128>, Invalid> {
        self.text(name).map(|text| nanos(name, text)).transpose()
    }
}

fn pairs(query: Option<&str>) -> Result<Pairs<'_>, Invalid> {
    serde_urlencoded::from_str(query.unwrap_or_default()).map_err(|_| Invalid::new("query", "must be URL-encoded"))
}

/// The last microsecond that is not after an instant.
pub(super) fn time(name: &'static str, text: &str) -> Result<Timestamp, Invalid> {
    Ok(Timestamp(micros(nanos(name, text)?.div_euclid(1000))))
}

fn nanos(name: &'static str, text: &str) -> Result<i128, Invalid> {
    let malformed = |_| Invalid::new(name, "must be a time in RFC 3339, such as 2026-03-01T12:00:00Z");
    text.parse::<jiff::Timestamp>().map(|instant| instant.as_nanosecond()).map_err(malformed)
}

/// The first and the last microsecond of a day of UTC, written as `2026-03-01`.
fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    let day = text.parse::<jiff::civil::Date>().ok().filter(|day| day.to_string() == text)?;
    let midnight =
        |day: jiff::civil::Date| day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp().as_microsecond());
    Some((Timestamp(midnight(day)?), Timestamp(midnight(day.tomorrow().ok()?)? - 1)))
}

fn day_or_instant(name: &'static str) -> Invalid {
    Invalid::new(name, "must be a day, such as 2026-03-01, or a time in RFC 3339, such as 2026-03-01T12:00:00Z")
}

fn micros(count: i128) -> i64 {
    i64::try_from(count).expect("the calendar's years fit into 64 bits of microseconds")
}

/// What a page's `next` says: opaque to callers, a position to us. Its first digit is the version of its form.
pub(super) fn cursor(position: u64) -> String {
    format!("1{position:016x}")
}

fn position(cursor: &str) -> Option<u64> {
    let digits = cursor.strip_prefix('1').filter(|digits| digits.len() == 16)?;
    let lower = digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    u64::from_str_radix(digits, 16).ok().filter(|position| lower && *position <= i64::MAX as u64)
}

/// The account that the path names in its third part: `/v1/accounts/{id}`. What cannot be one is none.
pub(super) fn account(path: &str) -> Result<AccountId, Refusal> {
    let parsed = number("id", part(path), i64::MAX as u64);
    parsed.map(AccountId).map_err(|_| Refusal::NoSuchAccount)
}

/// The transfer that the path names in its third part: `/v1/transfers/{id}`. What cannot be one is none.
pub(super) fn transfer(path: &str) -> Result<TransferId, Refusal> {
    TransferId::parse(part(path)).map_err(|_| Refusal::NoSuchTransfer)
}

/// The session that the path names in its third part: `/v1/sessions/{id}`. What cannot be one is none.
pub(super) fn session(path: &str) -> Result<SessionNumber, Refusal> {
    SessionNumber::parse(part(path)).map_err(|_| Refusal::NoSuchSession)
}

/// The payment that the path names in its third part: `/v1/payments/{id}`. What cannot be one is none.
pub(super) fn payment(path: &str) -> Result<PaymentName, Refusal> {
    let text = part(path);
    if let Ok(order) = OrderId::parse(text) {
        return Ok(PaymentName::Order(order));
    }
    PaymentToken::parse(text).map(PaymentName::Token).map_err(|_| Refusal::NoSuchPayment)
}

/// The webhook that the path names in its third part: `/v1/webhooks/{id}`. What cannot be one is none.
pub(super) fn webhook(path: &str) -> Result<WebhookId, Refusal> {
    number("id", part(path), ID_MAX).map(WebhookId).map_err(|_| Refusal::NoSuchWebhook)
}

fn part(path: &str) -> &str {
    path.split('/').nth(3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Query, account, cursor, transfer};
    use crate::domain::account::AccountId;
    use crate::domain::time::Timestamp;

    const NAMES: [&str; 4] = ["limit", "cursor", "from", "at"];

    fn read(query: &str) -> Query<'_> {
        Query::read(&NAMES, Some(query)).unwrap_or_else(|broken| panic!("{query}: {broken}"))
    }

    #[test]
    fn parameters_hold_at_both_edges() {
        for (query, limit) in [("", Some(100)), ("limit=1", Some(1)), ("limit=1000", Some(1000)), ("limit=0", None)] {
            assert_eq!(read(query).limit().ok(), limit, "{query}");
        }
        for query in ["limit=1001", "limit=", "limit=x", "limit=+1", "limit=99999999999999999999"] {
            assert!(read(query).limit().is_err(), "{query}");
        }
        for query in ["order=asc", "limit=1&limit=1"] {
            assert!(Query::read(&NAMES, Some(query)).is_err(), "{query}");
        }
    }

    #[test]
    fn an_older_contract_may_have_more_parameters_but_none_of_ours_twice() {
        let query = Query::known(&NAMES, Some("order=asc&limit=3&order=desc")).expect("passed over");
        assert_eq!((query.limit().ok(), query.text("order")), (Some(3), None));
        assert!(Query::known(&NAMES, Some("limit=1&limit=1")).is_err());
    }

    #[test]
    fn a_cursor_leads_back_and_an_invented_one_nowhere() {
        for position in [0, 1, i64::MAX as u64] {
            assert_eq!(read(&format!("cursor={}", cursor(position))).cursor().expect("ours"), Some(position));
        }
        for text in ["", "1", "20000000000000001", "1000000000000000g", "1ffffffffffffffff", "100000000000000001"] {
            assert!(read(&format!("cursor={text}")).cursor().is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_between_two_microseconds_takes_in_what_it_should() {
        let query = read("from=1970-01-01T00:00:00.0000015Z&at=1970-01-01T00:00:00.0000015Z");
        assert_eq!(query.since_instant("from").expect("a time"), Some(Timestamp(2)));
        assert_eq!(query.at_instant("at").expect("a time"), Some(Timestamp(1)));
        let zoned = read("at=2026-03-01T14:00:00%2B02:00");
        assert_eq!(zoned.at_instant("at").expect("a time"), Some(Timestamp(1_772_366_400_000_000)));
        for text in ["at=2026-03-01", "at=noon", "at=2026-03-01T12:00:00", "at=1772366400"] {
            assert!(read(text).at_instant("at").is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_is_all_of_it_and_an_instant_is_itself() {
        let query = read("from=2026-03-01&at=2026-03-01");
        let (first, last) = (1_772_323_200_000_000, 1_772_409_599_999_999);
        assert_eq!(query.first_of("from").expect("a day"), Some(Timestamp(first)));
        assert_eq!(query.last_of("at").expect("a day"), Some(Timestamp(last)));
        let query = read("from=2026-03-01T00:00:00Z&at=2026-03-01T23:59:59.999999Z");
        assert_eq!(query.first_of("from").expect("a time"), Some(Timestamp(first)));
        assert_eq!(query.last_of("at").expect("a time"), Some(Timestamp(last)));
        assert_eq!(query.last_of("limit").expect("not asked for"), None);
        for text in ["2026-02-29", "2026-3-1", "20260301", "01.03.2026", "9999-12-31", "2026-03-01Z", ""] {
            let query = format!("at={text}");
            let query = read(&query);
            assert!(query.first_of("at").is_err() && query.last_of("at").is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_names_a_transfer_or_none() {
        let id = "018f4e5c-7A3b-7c21-9d10-0b5f6a7c8d9e";
        let found = transfer(&format!("/v1/transfers/{id}/post")).expect("a UUID");
        assert_eq!(found.to_string(), id.to_lowercase());
        for wrong in ["", "x", &id[1..], &id.replace('-', ""), &id.replace('c', "g"), &format!("{id}0")] {
            assert!(transfer(&format!("/v1/transfers/{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_path_names_an_account_or_none() {
        assert_eq!(account("/v1/accounts/7/entries"), Ok(AccountId(7)));
        for path in ["/v1/accounts/0", "/v1/accounts/x", "/v1/accounts/-1", "/v1/accounts/9223372036854775808"] {
            assert!(account(path).is_err(), "{path}");
        }
    }
}
