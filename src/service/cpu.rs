//! Work that keeps a core busy (hashing, decoding): so much of it at a time, so much waiting, and then a refusal.
//!
//! Tokio would start up to 512 blocking threads. At 19 MiB a password hash that alone is 9.5 GiB.

use std::sync::Arc;
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task;

/// Why work was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CpuError {
    /// As much as may wait is waiting. Nothing was begun.
    #[error("too much is waiting")]
    Busy,
    /// The work panicked.
    #[error("the work panicked")]
    Panicked,
}

/// A bounded share of the cores. Clones share the bounds.
#[derive(Clone, Debug)]
pub struct Cpu {
    /// One permit for each job that runs or waits.
    admitted: Arc<Semaphore>,
    /// One permit for each job that runs.
    running: Arc<Semaphore>,
}

impl Cpu {
    /// At most `threads` jobs run at once (0: one for each core) and at most `queue` more wait.
    pub fn new(threads: usize, queue: usize) -> Self {
        let threads = if threads == 0 { thread::available_parallelism().map_or(1, usize::from) } else { threads };
        Self {
            admitted: Arc::new(Semaphore::new(threads.saturating_add(queue).min(Semaphore::MAX_PERMITS))),
            running: Arc::new(Semaphore::new(threads.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Whether a job could begin at once.
    pub fn is_idle(&self) -> bool {
        self.running.available_permits() > 0
    }

    /// Runs `work` on a blocking thread when it is its turn; jobs are served in order.
    ///
    /// A caller that goes away while its job waits takes the job with it. A job that has begun runs to its end and keeps its permit as
    /// long, so that callers who come and go never add up to more jobs than there are permits.
    pub async fn run<T, W>(&self, work: W) -> Result<T, CpuError>
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        self.turn().await?.run(work).await
    }

    /// Waits for its turn and keeps it for as long as what it returns is held: for work that has waits of its own between its jobs.
    ///
    /// # Errors
    ///
    /// [`CpuError::Busy`], at once.
    pub async fn turn(&self) -> Result<Turn, CpuError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| CpuError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.expect("this semaphore is never closed");
        Ok(Turn(Arc::new((admitted, running))))
    }
}

/// A place among those that run, until it and the jobs that began on it have ended.
#[derive(Debug)]
pub struct Turn(Arc<(OwnedSemaphorePermit, OwnedSemaphorePermit)>);

impl Turn {
    /// Runs `work` on a blocking thread. A job that has begun keeps the turn to its end, whoever waits for it.
    ///
    /// # Errors
    ///
    /// [`CpuError::Panicked`].
    pub async fn run<T, W>(&self, work: W) -> Result<T, CpuError>
    where
        W: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let permits = Arc::clone(&self.0);
        let job = task::spawn_blocking(move || {
            let _permits = permits;
            work()
        });
        job.await.map_err(|_| CpuError::Panicked)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::task::Poll;

    use super::{Cpu, CpuError};

    /// Polls a job once, so that it has its place, and hands it back.
    async fn begun<F: Future + Unpin>(mut job: F) -> F {
        std::future::poll_fn(|cx| {
            assert!(std::pin::Pin::new(&mut job).poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        job
    }

    #[tokio::test]
    async fn what_exceeds_threads_and_queue_is_refused_at_once() {
        let cpu = Cpu::new(1, 1);
        let (release, held) = mpsc::channel::<()>();
        let running = begun(Box::pin(cpu.run(move || held.recv().is_ok()))).await;
        let waiting = begun(Box::pin(cpu.run(|| 2))).await;
        assert_eq!(cpu.run(|| 3).await, Err(CpuError::Busy));
        release.send(()).expect("the first job waits for it");
        assert_eq!(running.await, Ok(true));
        assert_eq!(waiting.await, Ok(2));
        assert_eq!(cpu.run(|| 4).await, Ok(4));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_frees_no_permit_before_its_job_has_ended() {
        let cpu = Cpu::new(1, 0);
        let (release, held) = mpsc::channel::<()>();
        let (ended, end) = tokio::sync::oneshot::channel();
        let running = begun(Box::pin(cpu.run(move || {
            held.recv().expect("released");
            ended.send(()).expect("the test waits");
        })))
        .await;
        drop(running);
        assert_eq!(cpu.run(|| ()).await, Err(CpuError::Busy), "the job still runs");
        release.send(()).expect("the job waits for it");
        end.await.expect("the job ended");
        // The permit is dropped just after the work's last statement.
        let _free = cpu.admitted.acquire().await.expect("never closed");
    }

    #[tokio::test]
    async fn a_turn_is_kept_between_its_jobs() {
        let cpu = Cpu::new(1, 0);
        let turn = cpu.turn().await.expect("nobody else is there");
        for number in 0..2 {
            assert_eq!(turn.run(move || number).await, Ok(number));
            assert_eq!(cpu.run(|| ()).await, Err(CpuError::Busy), "after job {number}");
        }
        drop(turn);
        assert_eq!(cpu.run(|| 2).await, Ok(2));
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_while_waiting_leaves_its_place() {
        let cpu = Cpu::new(1, 1);
        let (release, held) = mpsc::channel::<()>();
        let running = begun(Box::pin(cpu.run(move || held.recv().is_ok()))).await;
        drop(begun(Box::pin(cpu.run(|| ()))).await);
        let waiting = begun(Box::pin(cpu.run(|| 5))).await;
        release.send(()).expect("the first job waits for it");
        assert_eq!((running.await, waiting.await), (Ok(true), Ok(5)));
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_gives_its_permit_back() {
        let cpu = Cpu::new(1, 0);
        assert_eq!(cpu.run(|| panic!("planted")).await, Err::<(), _>(CpuError::Panicked));
        assert_eq!(cpu.run(|| 1).await, Ok(1));
    }
}
