//! One call of a noun, as the noun's file tells of it: what it is for, what it takes, how it answers, why it refuses.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, Required};

use super::answer::Said;
use super::value::{Shape, key};
use crate::api::Refusal;
use crate::domain::transfer::TransferId;
use crate::error::{Code, Error};
use crate::http::reply::{Reply, Trouble};

/// What JSON is sent as.
pub(super) const JSON: &str = "application/json";
/// What forms are sent as.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Who may call, where it is not everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Anybody where the published contracts are open, else the owner or an operator.
    Contract,
    /// Whoever is signed in.
    SignedIn,
    /// Operators.
    Operator,
}

/// A body that is taken.
pub(super) struct Taken {
    /// As what it may be sent.
    pub(super) media_types: &'static [&'static str],
    /// Its fields.
    pub(super) shape: Shape,
    /// Whether it may be missing.
    pub(super) required: bool,
    /// Bodies that work with the demo data: a few words, and the body.
    pub(super) examples: Vec<(&'static str, Value)>,
}

/// One call.
pub(super) struct Operation {
    pub(super) method: HttpMethod,
    pub(super) path: &'static str,
    pub(super) told: OperationBuilder,
    /// The named types of its answers.
    pub(super) schemas: Vec<(String, Shape)>,
    /// Its good answers.
    pub(super) answers: Vec<Said>,
    /// Why it may answer otherwise.
    pub(super) troubles: Vec<Trouble>,
}

impl Operation {
    /// A call: its name in programs, and what it does in a few words.
    pub(super) fn new(method: HttpMethod, path: &'static str, name: &str, summary: &str) -> Self {
        let told = OperationBuilder::new().operation_id(Some(name)).summary(Some(summary));
        Self { method, path, told, schemas: Vec::new(), answers: Vec::new(), troubles: Vec::new() }
    }

    /// What else there is to know.
    pub(super) fn about(self, text: &str) -> Self {
        self.tell(|told| told.description(Some(text)))
    }

    /// Who may call it. That it refuses others is said by [`Self::refuses`], in its place.
    pub(super) fn by(self, who: Who) -> Self {
        let none: [&str; 0] = [];
        let either = |told: OperationBuilder| {
            let told = told.security(SecurityRequirement::new("cookie", none));
            told.security(SecurityRequirement::new("bearer", none))
        };
        match who {
            Who::Contract => self.tell(|told| either(told).security(SecurityRequirement::default())),
            Who::SignedIn => self.tell(either),
            Who::Operator => self.tell(either).refuses([Refusal::NotOperator]),
        }
    }

    /// A part of the path.
    pub(super) fn part(self, name: &str, shape: Shape, example: impl Into<Value>, about: &str) -> Self {
        let part = parameter(name, ParameterIn::Path, shape, about).required(Required::True);
        self.tell(|told| told.parameter(part.example(Some(example.into()))))
    }

    /// A parameter of the query, which may be missing.
    pub(super) fn query(self, name: &str, shape: Shape, about: &str) -> Self {
        self.tell(|told| told.parameter(parameter(name, ParameterIn::Query, shape, about)))
    }

    /// The same that must be there.
    pub(super) fn asked(self, name: &str, shape: Shape, example: impl Into<Value>, about: &str) -> Self {
        let asked = parameter(name, ParameterIn::Query, shape, about).required(Required::True);
        self.tell(|told| told.parameter(asked.example(Some(example.into()))))
    }

    /// It takes an `Idempotency-Key`, and moves money.
    pub(super) fn keyed(mut self) -> Self {
        let about = "The caller's own name for this request. Sent again with it, the request is done once and answered the same.";
        let id = Some(TransferId([0x0f; 16]));
        let unsure = |refusal| Trouble::from(Refusal::OutcomeUnknown(refusal));
        self.troubles.extend([Refusal::StillRunning.into(), failed(Code::Busy), unsure(id)]);
        self.tell(|told| told.parameter(parameter("Idempotency-Key", ParameterIn::Header, key(), about)))
    }

    /// The body that it takes.
    pub(super) fn takes(self, taken: Taken) -> Self {
        let mut body =
            RequestBodyBuilder::new().required(Some(if taken.required { Required::True } else { Required::False }));
        for media_type in taken.media_types {
            let mut content = ContentBuilder::new().schema(Some(taken.shape.clone()));
            // Forms have the same fields; how they are written is theirs.
            if *media_type != FORM {
                content = content.examples_from_iter(taken.examples.iter().map(|(name, value)| {
                    (*name, utoipa::openapi::example::ExampleBuilder::new().value(Some(value.clone())).build())
                }));
            }
            body = body.content(*media_type, content.build());
        }
        self.tell(|told| told.request_body(Some(body.build())))
    }

    /// It answers a document.
    pub(super) fn answers<T: ToSchema>(self, about: &str, example: Value) -> Self {
        let shape = Ref::from_schema_name(T::name()).into();
        self.named::<T>().says(Said::document(Reply::document(&()).status(), about, shape, example))
    }

    /// It answers what it has made, and where that is.
    pub(super) fn creates<T: ToSchema>(self, about: &str, example: Value) -> Self {
        let shape = Ref::from_schema_name(T::name()).into();
        let said = Said::document(Reply::created("/", &()).status(), about, shape, example);
        self.named::<T>().says(said.with_header("Location", "Where it is."))
    }

    /// The last answer may be marked as one that was in effect before.
    pub(super) fn replayed(mut self) -> Self {
        let last = self.answers.pop().expect("it has an answer");
        let about = "`true` where it was in effect before: the request had been sent already.";
        self.says(last.with_header("Idempotency-Replayed", about))
    }

    /// Any other good answer.
    pub(super) fn says(mut self, said: Said) -> Self {
        self.answers.push(said);
        self
    }

    /// Why it says no, in order of precedence.
    pub(super) fn refuses(mut self, refusals: impl IntoIterator<Item = Refusal>) -> Self {
        self.troubles.extend(refusals.into_iter().map(Trouble::from));
        self
    }

    /// It needs the backend, which may fail or be away.
    pub(super) fn asks(mut self) -> Self {
        self.troubles.extend([failed(Code::Internal), failed(Code::Store)]);
        self
    }

    /// Anything else that keeps it from a good answer.
    pub(super) fn meets(mut self, trouble: impl Into<Trouble>) -> Self {
        self.troubles.push(trouble.into());
        self
    }

    /// Its answer names this type.
    pub(super) fn named<T: ToSchema>(mut self) -> Self {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        self
    }

    fn tell(self, tell: impl FnOnce(OperationBuilder) -> OperationBuilder) -> Self {
        Self { told: tell(self.told), ..self }
    }
}

fn parameter(name: &str, place: ParameterIn, shape: Shape, about: &str) -> ParameterBuilder {
    let parameter = ParameterBuilder::from(Parameter::new(name)).parameter_in(place).required(Required::False);
    parameter.schema(Some(shape)).description(Some(about))
}

/// A failure of the backend's.
fn failed(code: Code) -> Trouble {
    let status = (&Error::new(code, "described")).into();
    Trouble::Failed(teller_rpc::CallError::Status { status, executed: teller_rpc::Executed::No })
}
