//! Statements of others beside our entries: sent, matched, kept, looked at.

pub mod compare;
mod identity;
mod sweep;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use teller_rpc::{Context, Status};

use self::compare::{Failure, Job, compare};
pub use self::sweep::sweep;
use super::audit::Audit;
use super::caller::{Callers, Halt, heard};
use super::cpu::Cpu;
use super::page::{page, page_size};
use super::{Clock, answer, to_the_end};
use crate::api::Refusal;
use crate::api::account::{OfAccount, Page};
use crate::api::matching::{
    FILE_NAME_CHARS, LinePage, Lines, List, OfStatement, Resolve, Resolved, Service, SetMapping, Upload, Uploaded,
};
use crate::domain::account::Account;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::invalid::Invalid;
use crate::domain::matching::{Digest, Format, Line, Mapping, Resolution, Statement};
use crate::domain::user::UserId;
use crate::error::{Code, Error};
use crate::reconcile::{DAYS_MAX, Rules, detect};
use crate::store::{Store, Volatile};

/// Lines that are kept in one transaction.
const LINES: usize = 500;

/// The service `matching`.
pub struct Matching<S, V> {
    pub(super) store: S,
    pub(super) callers: Callers<S, V>,
    pub(super) audit: Audit,
    pub(super) clock: Clock,
    pub(super) bounds: Bounds,
}

/// How much of statements is in work at once.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// A bounded share of the cores.
    pub(super) cpu: Cpu,
    /// Most lines of a statement.
    pub(super) max_lines: usize,
    /// Most entries between a statement's days.
    pub(super) max_entries: usize,
}

impl Bounds {
    /// At most `threads` statements in work and `queue` more that wait, each of at most so many lines, and entries between its days.
    pub fn new(threads: usize, queue: usize, max_lines: usize, max_entries: usize) -> Self {
        Self { cpu: Cpu::new(threads, queue), max_lines, max_entries }
    }
}

impl<S: Store, V: Volatile> Service for Matching<S, V> {
    async fn upload(&self, cx: Context, request: Upload) -> Result<Result<Uploaded, Refusal>, Status> {
        answer("matching.upload", &cx, async { heard(self.take(request).await) }).await
    }

    async fn list(&self, cx: Context, request: List) -> Result<Result<Page<Statement>, Refusal>, Status> {
        answer("matching.list", &cx, async { heard(self.all(request).await) }).await
    }

    async fn get(&self, cx: Context, request: OfStatement) -> Result<Result<Statement, Refusal>, Status> {
        answer("matching.get", &cx, async { heard(self.one(&request).await.map(|(statement, _)| statement)) }).await
    }

    async fn lines(&self, cx: Context, request: Lines) -> Result<Result<LinePage, Refusal>, Status> {
        answer("matching.lines", &cx, async { heard(self.some(request).await) }).await
    }

    async fn resolve(&self, cx: Context, request: Resolve) -> Result<Result<Resolved, Refusal>, Status> {
        answer("matching.resolve", &cx, async { heard(self.look(request).await) }).await
    }

    async fn set_mapping(&self, cx: Context, request: SetMapping) -> Result<Result<Mapping, Refusal>, Status> {
        answer("matching.set_mapping", &cx, async { heard(self.map(request).await) }).await
    }

    async fn mapping(&self, cx: Context, request: OfAccount) -> Result<Result<Option<Mapping>, Refusal>, Status> {
        answer("matching.mapping", &cx, async { heard(self.mapped(request).await) }).await
    }
}

impl<S: Store, V: Volatile> Matching<S, V> {
    async fn take(&self, request: Upload) -> Result<Uploaded, Halt> {
        let user = self.callers.user(&request.caller).await?;
        let account = self.callers.account(user, request.account).await?;
        let rules = rules(&request)?;
        let format = request.format.unwrap_or_else(|| detect(&request.content));
        let mapping = self.store.mapping(account.id).await?.filter(|_| format == Format::Csv);
        let sha256: Digest = Sha256::digest(&request.content).into();
        let digest = identity::of(&sha256, format, &rules, mapping.as_ref());
        if let Some(statement) = self.store.statement_of(account.id, &digest).await? {
            return Ok(Uploaded { statement, replayed: true });
        }
        let Bounds { max_lines, max_entries, .. } = self.bounds;
        let job = Job { account, format: Some(format), mapping, rules, max_lines, max_entries };
        let keeping = Keeping {
            store: self.store.clone(),
            cpu: self.bounds.cpu.clone(),
            user,
            file_name: request.file_name.chars().filter(|letter| !letter.is_control()).take(FILE_NAME_CHARS).collect(),
            sha256,
            digest,
            clock: self.clock,
        };
        // It is as much work for whoever sends it again because the answer was late.
        to_the_end(async move { heard(keeping.run(job, request.content).await) }).await?.map_err(Halt::from)
    }

    async fn all(&self, request: List) -> Result<Page<Statement>, Halt> {
        let account = self.own(&OfAccount { caller: request.caller, account: request.account }).await?;
        let limit = page_size(request.limit);
        Ok(page(self.store.statements(account.id, request.before, limit + 1).await?, limit))
    }

    /// An account that the caller may see.
    async fn own(&self, of: &OfAccount) -> Result<Account, Halt> {
        let user = self.callers.user(&of.caller).await?;
        self.callers.account(user, of.account).await
    }

    /// A statement that the caller may see, and who that is. Another's is answered as none.
    async fn one(&self, of: &OfStatement) -> Result<(Statement, UserId), Halt> {
        let user = self.callers.user(&of.caller).await?;
        let statement = self.store.statement(of.statement).await?.ok_or(Refusal::NoSuchStatement)?;
        match self.callers.account(user, statement.summary.account).await {
            Ok(_) => Ok((statement, user)),
            Err(Halt::Refused(_)) => Err(Refusal::NoSuchStatement.into()),
            Err(failed) => Err(failed),
        }
    }

    async fn some(&self, Lines { of, state, after, limit }: Lines) -> Result<LinePage, Halt> {
        let (statement, _) = self.one(&of).await?;
        let limit = page_size(limit);
        let lines = self.store.statement_lines(statement.id, state, after, limit + 1).await?;
        Ok(LinePage { asset: statement.summary.asset, page: page(lines, limit) })
    }

    async fn look(&self, Resolve { of, place, note }: Resolve) -> Result<Resolved, Halt> {
        let by = self.callers.operator(&of.caller).await?;
        let (statement, _) = self.one(&of).await?;
        let found = self.store.statement_lines(statement.id, None, place.saturating_sub(1), 1).await?;
        let line = found.into_iter().find(|line| line.place == place).ok_or(Refusal::NoSuchStatement)?;
        if !line.state.is_discrepancy() {
            return Err(Invalid::new("place", "must be that of a discrepancy").into());
        }
        if line.resolution.is_some() {
            return Ok(Resolved { asset: statement.summary.asset, line });
        }
        let event = AuditEvent::new(AuditKind::StatementResolved).by(by).from_caller(&of.caller);
        let what = format!(
            "account {}, statement {}, line {place}: {}",
            statement.summary.account,
            statement.id,
            note.as_str()
        );
        self.audit.record(event.with_detail(what)).await?;
        let resolution = Resolution { by, at: (self.clock)(), note };
        let line = self.store.resolve_line(statement.id, place, &resolution).await?.ok_or(Refusal::NoSuchStatement)?;
        Ok(Resolved { asset: statement.summary.asset, line })
    }

    async fn map(&self, SetMapping { caller, account, mapping }: SetMapping) -> Result<Mapping, Halt> {
        let account = self.own(&OfAccount { caller, account }).await?;
        let mapping = mapping.check()?;
        self.store.set_mapping(account.id, &mapping, (self.clock)()).await?;
        Ok(mapping)
    }

    async fn mapped(&self, of: OfAccount) -> Result<Option<Mapping>, Halt> {
        let account = self.own(&of).await?;
        Ok(self.store.mapping(account.id).await?)
    }
}

/// A statement on its way into the store.
struct Keeping<S> {
    store: S,
    cpu: Cpu,
    user: UserId,
    file_name: String,
    sha256: Digest,
    digest: Digest,
    clock: Clock,
}

impl<S: Store> Keeping<S> {
    async fn run(self, job: Job, content: bytes::Bytes) -> Result<Uploaded, Halt> {
        let account = job.account.id;
        let mut lines: Vec<Line> = Vec::new();
        let take = |handful: Vec<Line>| {
            lines.extend(handful);
            Ok(())
        };
        // Kept to the end: what came of it is in memory until then.
        let turn = self.cpu.turn().await.map_err(Error::from)?;
        let summary = compare(&self.store, &turn, job, Arc::new(content), Arc::new(|_| ()), take).await?;
        // Stable: within a state they stay in the order of the file.
        lines.sort_by_key(|line| line.state);
        for (line, place) in lines.iter_mut().zip(1..) {
            line.place = place;
        }
        let (created_by, created_at) = (self.user, (self.clock)());
        let (file_name, sha256, digest) = (self.file_name, self.sha256, self.digest);
        let begun = Statement { id: 0, file_name, sha256, digest, summary, resolved: 0, created_by, created_at };
        let id = self.store.begin_statement(&begun).await?;
        for handful in lines.chunks(LINES) {
            self.store.add_statement_lines(id, handful).await?;
        }
        if self.store.finish_statement(id, &digest).await? {
            return Ok(Uploaded { statement: Statement { id, ..begun }, replayed: false });
        }
        // Somebody sent the same file meanwhile. What is not dropped now is swept later.
        while self.store.drop_statement(id).await? {}
        let statement = self.store.statement_of(account, &digest).await?;
        let statement =
            statement.ok_or_else(|| Error::new(Code::Internal, "a statement was finished, and is not there"))?;
        Ok(Uploaded { statement, replayed: true })
    }
}

fn rules(request: &Upload) -> Result<Rules, Invalid> {
    let usual = Rules::default();
    let asked = request.rules;
    for (field, days) in [("window_days", asked.window_days), ("settlement_days", asked.settlement_days)] {
        if days.is_some_and(|days| days > DAYS_MAX) {
            return Err(Invalid::new(field, "must be a whole number from 0 to 31"));
        }
    }
    if asked.from.zip(asked.to).is_some_and(|(from, to)| from > to) {
        return Err(Invalid::new("from", "must not be after to"));
    }
    Ok(Rules {
        window_days: asked.window_days.unwrap_or(usual.window_days),
        settlement_days: asked.settlement_days.unwrap_or(usual.settlement_days),
        by_amount: asked.by_amount,
        from: asked.from,
        to: asked.to,
    })
}

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unusable(why) => Invalid::new("statement", format!("cannot be used: it {why}")).into(),
            Failure::TooLong(most) => {
                let rule = format!("must have at most {most} lines; longer ones are for `teller reconcile`");
                Invalid::new("statement", rule).into()
            }
            Failure::TooMany(most) => {
                let rule =
                    format!("must be of days with at most {most} entries; larger ones are for `teller reconcile`");
                Invalid::new("statement", rule).into()
            }
            Failure::Store(error) => Error::from(error).into(),
            Failure::Cpu(error) => Error::from(error).into(),
            Failure::Write(error) => Error::new(Code::Internal, error).into(),
        }
    }
}
