//! What is answered, good or bad, by status. Refusals are described by the functions that answer them, so that statuses, types and texts are
//! theirs, and the examples are answers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{ContentBuilder, Ref, Response};

use super::operation::JSON;
use super::value::{Need, Others, Shape, either, just, one_of, record};
use crate::http::reply::{Reply, Surface, Trouble};

/// The schema of problem details.
pub(super) const PROBLEM: &str = "Problem";

/// One thing that may be answered.
pub(super) struct Said {
    status: u16,
    about: String,
    /// Its media type and form, unless it has no body.
    body: Option<(String, Form)>,
    example: Option<(String, Value)>,
    headers: Vec<(String, &'static str)>,
}

/// What a body is.
#[allow(clippy::large_enum_variant, reason = "there are some hundreds, once")]
enum Form {
    /// Something of its own.
    Own(Box<Shape>),
    /// Problem details of this type.
    Problem(String),
    /// The entry task's envelope with this code and text.
    Code(String, String),
    /// The refusal of `POST /deduct`.
    Deduction(u16),
    /// What the payment contract says.
    Payment,
    /// The refusal of wallets.
    Wallet,
}

impl Said {
    /// A JSON document.
    pub(super) fn document(status: u16, about: &str, shape: Shape, example: Value) -> Self {
        let example = Some(("success".to_owned(), example));
        Self { example, ..Self::file(status, about, JSON, shape) }
    }

    /// Something that has no example.
    pub(super) fn file(status: u16, about: &str, media_type: &str, shape: Shape) -> Self {
        let body = Some((media_type.to_owned(), Form::Own(Box::new(shape))));
        Self { status, about: about.to_owned(), body, example: None, headers: Vec::new() }
    }

    /// An answer without a body.
    pub(super) fn bare(status: u16, about: &str) -> Self {
        Self { status, about: about.to_owned(), body: None, example: None, headers: Vec::new() }
    }

    /// The same with a header.
    pub(super) fn with_header(mut self, name: &str, about: &'static str) -> Self {
        self.headers.push((name.to_owned(), about));
        self
    }

    /// What `surface` says of `trouble`.
    pub(super) fn of(surface: Surface, trouble: &Trouble) -> Self {
        let reply = surface.explain(trouble, || "4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
        let media_type = reply.media_type.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body: Value = serde_json::from_slice(&reply.body).expect("what goes wrong is answered in JSON");
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (form, name, about) = match surface {
            Surface::EntryTask => {
                let (code, message) = (text("errCode"), text("errMsg"));
                let about = format!("`{code}` {message}");
                (Form::Code(code.clone(), message.clone()), message, about)
            }
            Surface::Deduct => (Form::Deduction(reply.status()), text("message"), text("message")),
            Surface::Payment => (Form::Payment, text("message"), format!("`{}` {}", text("status"), text("message"))),
            Surface::Wallet(_) => (Form::Wallet, text("error"), text("error")),
            Surface::Plain => {
                let (kind, title) = (text("type"), text("title"));
                let slug = kind.strip_prefix("/problems/").unwrap_or(&title).to_lowercase().replace(' ', "-");
                let about = match body["detail"].as_str() {
                    Some(detail) if kind == "about:blank" => format!("{title}: {detail}"),
                    _ if kind == "about:blank" => title,
                    _ => format!("[`{slug}`]({kind}) {title}"),
                };
                (Form::Problem(kind), slug, about)
            }
        };
        let body = Some((media_type.to_owned(), form));
        Self { status: reply.status(), about, example: Some((name, parsed(&reply))), body, headers: headers(&reply) }
    }
}

fn parsed(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).expect("it was read before")
}

fn headers(reply: &Reply) -> Vec<(String, &'static str)> {
    let about = |name: &str| match name {
        "retry-after" => Some(("Retry-After", "Seconds to wait.")),
        "www-authenticate" => Some(("WWW-Authenticate", "How to sign in.")),
        "x-error-detail" => Some(("X-Error-Detail", "Which field broke which rule.")),
        _ => None,
    };
    reply.more.iter().filter_map(|(name, _)| about(name.as_str())).map(|(name, text)| (name.to_owned(), text)).collect()
}

/// All that is said, by status.
pub(super) fn responses(said: Vec<Said>) -> BTreeMap<u16, Response> {
    let mut by_status: BTreeMap<u16, Vec<Said>> = BTreeMap::new();
    for one in said {
        by_status.entry(one.status).or_default().push(one);
    }
    by_status.into_iter().map(|(status, said)| (status, response(said))).collect()
}

fn response(said: Vec<Said>) -> Response {
    let mut lines: Vec<String> = Vec::new();
    let (mut headers, mut forms, mut examples) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for Said { about, body, example, headers: more, .. } in said {
        if !lines.contains(&about) {
            lines.push(about);
        }
        headers.extend(more);
        if let Some((media_type, form)) = body {
            let named: &mut BTreeMap<String, Value> = examples.entry(media_type.clone()).or_default();
            // Of one type the first example is enough.
            if let Some((name, value)) = example {
                named.entry(name).or_insert(value);
            }
            forms.entry(media_type).or_insert_with(Vec::new).push(form);
        }
    }
    let mut built = ResponseBuilder::new().description(lines.join("\n\n"));
    for (name, about) in headers {
        let text = ObjectBuilder::new().schema_type(Type::String);
        built = built.header(name, HeaderBuilder::new().schema(Some(text)).description(Some(about)).build());
    }
    for (media_type, forms) in forms {
        let named = examples.remove(&media_type).unwrap_or_default().into_iter();
        let named = named.map(|(name, value)| (name, ExampleBuilder::new().value(Some(value)).build()));
        built = built
            .content(media_type, ContentBuilder::new().schema(Some(shape(forms))).examples_from_iter(named).build());
    }
    built.build()
}

/// One schema for all forms that a status may come in.
fn shape(forms: Vec<Form>) -> Shape {
    let (mut own, mut types, mut codes, mut more) = (Vec::new(), Vec::new(), Vec::new(), None);
    for form in forms {
        match form {
            Form::Own(shape) => own.push(*shape),
            Form::Problem(kind) if !types.contains(&kind) => types.push(kind),
            Form::Code(code, message) if !codes.contains(&(code.clone(), message.clone())) => {
                codes.push((code, message))
            }
            Form::Deduction(status) => more = Some(refused_deduction(status)),
            Form::Payment => more = Some(paid()),
            Form::Wallet => {
                more = Some(record(Others::Ignored, [("error", Need::Must, words("insufficient balance"))]))
            }
            Form::Problem(_) | Form::Code(..) => {}
        }
    }
    own.extend((!types.is_empty()).then(|| problem(types)));
    own.extend(codes.iter().map(|(code, message)| envelope(code, message, just(""))));
    own.extend(more);
    if own.len() == 1 { own.remove(0) } else { either(own) }
}

/// Problem details of one of these types.
fn problem(types: Vec<String>) -> Shape {
    let kind = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(types));
    let narrowed = ObjectBuilder::new().property("type", kind);
    Schema::from(AllOfBuilder::new().item(Ref::from_schema_name(PROBLEM)).item(narrowed)).into()
}

/// The entry task's envelope around `data`.
pub(super) fn envelope(code: &str, message: &str, data: Shape) -> Shape {
    let fields =
        [("errCode", Need::Must, just(code)), ("errMsg", Need::Must, just(message)), ("data", Need::Must, data)];
    record(Others::Ignored, fields)
}

/// How far a payment is, or why it is none.
pub(super) fn paid() -> Shape {
    let word = one_of(["SUCCESS", "PROCESSING", "RETRY", "FAILED", "ERROR"], "How far it is.");
    let fields = [
        ("status", Need::Must, word),
        ("message", Need::Must, words("payment successful")),
        ("order_id", Need::May, words("PAY_9F86D081884C7D65")),
        ("request_id", Need::Must, words("4bf92f3577b34da6a3ce929d0e0e4736")),
    ];
    record(Others::Ignored, fields)
}

fn refused_deduction(status: u16) -> Shape {
    let message = words("insufficient balance");
    record(Others::Ignored, [("code", Need::Must, just(status)), ("message", Need::Must, message)])
}

fn words(example: &str) -> Shape {
    Schema::from(ObjectBuilder::new().schema_type(Type::String).examples([json!(example)])).into()
}
