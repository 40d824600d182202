//! `POST /deduct`, as published: money taken from a user's account in the default currency.

use serde::Serialize;
use serde_json::value::RawValue;

use super::extract::{self, Form};
use super::front::Call;
use super::json::{Object, Unknown, number};
use super::reply::{Reply, Trouble};
use super::show::Money;
use super::transfer::{moving, told};
use crate::api::transfer::{Deduct, Handle};
use crate::domain::invalid::Invalid;
use crate::domain::money::Decimal;
use crate::domain::user::UserId;

#[derive(Serialize)]
struct Left {
    user_id: u64,
    balance: Box<RawValue>,
}

/// Takes it.
pub(super) async fn post(call: &mut Call<'_>) -> Result<Reply, Trouble> {
    let caller = call.caller().ok();
    let handle = Handle::new(extract::idempotency_key(call.headers())?);
    let body = call.bytes().await?;
    let (user, amount) = match extract::form(call.headers(), &body)? {
        Form::Json => from_json(&body)?,
        Form::UrlEncoded => from_form(&body)?,
    };
    let request = Deduct { caller, handle, user, amount };
    let (backend, cx) = (call.backend(), call.context());
    let left = moving(told(&request.handle), backend.transfer.deduct(&cx, &request)).await?;
    let balance = Money(left.balance, left.asset).as_number();
    let balance = RawValue::from_string(balance).expect("digits and a point are a JSON number");
    Ok(Reply::deducted(&Left { user_id: user.0, balance }).replayed(left.replayed))
}

/// Numbers are read from their text, and texts are taken for numbers: no amount is ever a float.
fn from_json(body: &[u8]) -> Result<(UserId, Decimal), Invalid> {
    let fields = Object::read(&["user_id", "amount"], body, Unknown::Ignored)?;
    read(fields.plain("user_id")?, fields.plain("amount")?)
}

fn from_form(body: &[u8]) -> Result<(UserId, Decimal), Invalid> {
    let pairs = extract::url_encoded_pairs(body)?;
    let text = |name: &'static str| {
        let mut values = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (Some(text), None) => Ok(text),
            (None, _) => Err(Invalid::new(name, "is required")),
            // Which of two amounts was meant is not for us to say.
            (Some(_), Some(_)) => Err(Invalid::new(name, "must be given once")),
        }
    };
    read(text("user_id")?, text("amount")?)
}

fn read(user: &str, amount: &str) -> Result<(UserId, Decimal), Invalid> {
    Ok((UserId(number("user_id", user, i64::MAX as u64)?), Decimal::parse("amount", amount)?))
}

#[cfg(test)]
mod tests {
    use super::{from_form, from_json};

    fn outcome(read: Result<(crate::domain::user::UserId, crate::domain::money::Decimal), super::Invalid>) -> String {
        match read {
            Ok((user, amount)) => format!("{user} {} {}", amount.digits, amount.scale),
            Err(broken) => broken.to_string(),
        }
    }

    #[test]
    fn an_amount_is_read_from_its_text_and_never_through_a_float() {
        let malformed = "amount: must be a decimal number, such as \"10.00\"";
        let cases = [
            (r#"{"user_id":1,"amount":10.00}"#, "1 10 0"),
            (r#"{"user_id":"1","amount":"10.05","more":[]}"#, "1 1005 2"),
            (
                r#"{"user_id":1,"amount":0.1000000000000000055511151231257827}"#,
                "1 1000000000000000055511151231257827 34",
            ),
            (r#"{"user_id":1,"amount":90071992547409930.01}"#, "1 9007199254740993001 2"),
            (r#"{"user_id":1,"amount":-3}"#, "1 -3 0"),
            (r#"{"user_id":1,"amount":1e1}"#, malformed),
            (r#"{"user_id":1,"amount":"ten"}"#, malformed),
            (r#"{"user_id":1,"amount":true}"#, malformed),
            (r#"{"user_id":1,"amount":null}"#, "amount: is required"),
            (r#"{"amount":1}"#, "user_id: is required"),
            (r#"{"user_id":1.5,"amount":1}"#, "user_id: must be a whole number from 1 to 9223372036854775807"),
            ("[]", "body: must be a JSON object"),
        ];
        for (body, expected) in cases {
            assert_eq!(outcome(from_json(body.as_bytes())), expected, "{body}");
        }
        assert_eq!(outcome(from_form(b"user_id=1&amount=10.00")), "1 10 0");
        assert_eq!(outcome(from_form(b"user_id=1")), "amount: is required");
        assert_eq!(outcome(from_form(b"user_id=1&amount=1&amount=2")), "amount: must be given once");
    }
}
