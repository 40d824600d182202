//! Each promise of the coalescer. A batch is held by not answering it, never by waiting.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::{CoalesceError, Coalescer, Limits};

const ONE_LANE: Limits = Limits { lanes: 1, batch_max: 4, queue_max: 100 };

type Answers = Result<Vec<u32>, &'static str>;
type Numbers = Coalescer<u32, u32, &'static str>;

/// A batch that has begun and waits for its answer.
struct Held {
    keys: Vec<u32>,
    answer: oneshot::Sender<Answers>,
}

impl Held {
    /// Every key's value is the tenfold.
    fn answer(self) {
        let values = self.keys.iter().map(|key| key * 10).collect();
        self.answer.send(Ok(values)).expect("the lane waits");
    }
}

/// A coalescer whose batches are handed to the test one by one.
fn held(limits: Limits) -> (Arc<Numbers>, mpsc::UnboundedReceiver<Held>) {
    let (begun, batches) = mpsc::unbounded_channel();
    let batch = move |keys| {
        let (answer, answered) = oneshot::channel();
        begun.send(Held { keys, answer }).ok();
        async move { answered.await.expect("the test dropped a batch: a panic inside it") }
    };
    (Arc::new(Coalescer::new(limits, batch)), batches)
}

/// Calls with each key in order, each from its own task, and returns once all are queued.
async fn call_each(
    coalescer: &Arc<Numbers>,
    keys: impl IntoIterator<Item = u32>,
) -> Vec<JoinHandle<Result<u32, CoalesceError<&'static str>>>> {
    let mut calls = Vec::new();
    for key in keys {
        let coalescer = Arc::clone(coalescer);
        let (polled, queued) = oneshot::channel();
        calls.push(tokio::spawn(async move {
            let mut call = std::pin::pin!(coalescer.call(key));
            let first = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await;
            polled.send(()).expect("the test waits");
            match first {
                std::task::Poll::Ready(answer) => answer,
                std::task::Poll::Pending => call.await,
            }
        }));
        queued.await.expect("the call was polled");
    }
    calls
}

async fn answers(
    calls: Vec<JoinHandle<Result<u32, CoalesceError<&'static str>>>>,
) -> Vec<Result<u32, CoalesceError<&'static str>>> {
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.expect("no caller panics"));
    }
    answers
}

#[tokio::test]
async fn an_idle_lane_asks_for_a_single_key_at_once_and_the_rest_gathers_up_to_batch_max() {
    let (coalescer, mut batches) = held(ONE_LANE);
    let first = call_each(&coalescer, [1]).await;
    let batch = batches.recv().await.expect("it begins without company");
    assert_eq!(batch.keys, [1]);

    let rest = call_each(&coalescer, 2..=6).await;
    batch.answer();
    let batch = batches.recv().await.expect("the next batch");
    assert_eq!(batch.keys, [2, 3, 4, 5], "what gathered, in order, at most batch_max");
    batch.answer();
    let batch = batches.recv().await.expect("the last batch");
    assert_eq!(batch.keys, [6]);
    batch.answer();

    assert_eq!(answers(first).await, [Ok(10)]);
    assert_eq!(answers(rest).await, [Ok(20), Ok(30), Ok(40), Ok(50), Ok(60)]);
}

#[tokio::test]
async fn as_many_batches_run_at_once_as_there_are_lanes() {
    let (coalescer, mut batches) = held(Limits { lanes: 2, ..ONE_LANE });
    let mut calls = call_each(&coalescer, [1]).await;
    let one = batches.recv().await.expect("the first lane");
    calls.extend(call_each(&coalescer, [2]).await);
    let two = batches.recv().await.expect("the second lane");
    assert_eq!((&one.keys[..], &two.keys[..]), (&[1][..], &[2][..]));

    calls.extend(call_each(&coalescer, [3, 4]).await);
    assert!(batches.try_recv().is_err(), "there is no third lane");
    two.answer();
    let three = batches.recv().await.expect("the second lane again, while the first still runs");
    assert_eq!(three.keys, [3, 4]);
    three.answer();
    one.answer();
    assert_eq!(answers(calls).await, [Ok(10), Ok(20), Ok(30), Ok(40)]);
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_neither_its_key_nor_its_neighbours_with_it() {
    let (coalescer, mut batches) = held(ONE_LANE);
    let first = call_each(&coalescer, [1]).await;
    let batch = batches.recv().await.expect("held");
    let mut calls = call_each(&coalescer, [2, 3, 4]).await;

    let gone = calls.remove(1);
    gone.abort();
    assert!(gone.await.expect_err("aborted").is_cancelled());
    batch.answer();
    let batch = batches.recv().await.expect("the next batch");
    assert_eq!(batch.keys, [2, 3, 4], "a queued key is asked for");
    calls[0].abort();
    batch.answer();
    assert_eq!(answers(first).await, [Ok(10)]);
    assert_eq!(calls.pop().expect("the last").await.expect("alive"), Ok(40));
}

#[tokio::test]
async fn a_failed_a_panicked_and_a_miscounted_batch_tell_their_callers_and_the_lane_goes_on() {
    let (coalescer, mut batches) = held(ONE_LANE);
    let first = call_each(&coalescer, [1]).await;
    let batch = batches.recv().await.expect("held");
    let failed = call_each(&coalescer, 2..=5).await;
    let panicked = call_each(&coalescer, 6..=9).await;
    let miscounted = call_each(&coalescer, 10..=13).await;
    let last = call_each(&coalescer, [14]).await;

    batch.answer();
    batches.recv().await.expect("to fail").answer.send(Err("no")).expect("the lane waits");
    drop(batches.recv().await.expect("to panic"));
    batches.recv().await.expect("to miscount").answer.send(Ok(vec![1])).expect("the lane waits");
    batches.recv().await.expect("to work").answer();

    assert_eq!(answers(first).await, [Ok(10)]);
    assert_eq!(answers(failed).await, vec![Err(CoalesceError::Failed("no")); 4]);
    assert_eq!(answers(panicked).await, vec![Err(CoalesceError::Lost); 4]);
    assert_eq!(answers(miscounted).await, vec![Err(CoalesceError::Lost); 4]);
    assert_eq!(answers(last).await, [Ok(140)]);
}

#[tokio::test]
async fn a_batch_function_that_panics_before_it_returns_a_future_is_a_lost_batch() {
    let coalescer: Numbers = Coalescer::new(ONE_LANE, |keys: Vec<u32>| {
        assert_ne!(keys, [1], "planted");
        async move { Ok(keys) }
    });
    assert_eq!(coalescer.call(1).await, Err(CoalesceError::Lost));
    assert_eq!(coalescer.call(2).await, Ok(2));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_takes_again_when_there_is_room() {
    let (coalescer, mut batches) = held(Limits { queue_max: 2, ..ONE_LANE });
    let first = call_each(&coalescer, [1]).await;
    let batch = batches.recv().await.expect("held");
    let queued = call_each(&coalescer, [2, 3]).await;
    assert_eq!(coalescer.call(4).await, Err(CoalesceError::Busy));
    batch.answer();
    let batch = batches.recv().await.expect("the next batch");
    assert_eq!(batch.keys, [2, 3], "the refused key is not asked for");
    let again = call_each(&coalescer, [5]).await;
    batch.answer();
    batches.recv().await.expect("room again").answer();
    assert_eq!(answers(first).await, [Ok(10)]);
    assert_eq!(answers(queued).await, [Ok(20), Ok(30)]);
    assert_eq!(answers(again).await, [Ok(50)]);
}

#[tokio::test]
async fn what_weighs_more_is_taken_whole_and_fills_batches_and_queue_by_its_weight() {
    let (begun, mut batches) = mpsc::unbounded_channel();
    let batch = move |keys: Vec<u32>| {
        let (answer, answered) = oneshot::channel();
        begun.send(Held { keys, answer }).expect("the test listens");
        async move { answered.await.expect("answered") }
    };
    // A key's last digit is its weight.
    let limits = Limits { queue_max: 20, ..ONE_LANE };
    let coalescer = Arc::new(Coalescer::weighing(limits, |key| (key % 10) as usize, batch));
    let mut calls = call_each(&coalescer, [11]).await;
    let batch = batches.recv().await.expect("held");
    calls.extend(call_each(&coalescer, [12, 22, 31, 49, 54, 62]).await);
    assert_eq!(coalescer.call(71).await, Err(CoalesceError::Busy), "20 wait");
    batch.answer();
    for expected in [&[49][..], &[12, 22], &[31], &[54], &[62]] {
        let batch = batches.recv().await.expect("the next batch");
        assert_eq!(batch.keys, expected);
        batch.answer();
    }
    let expected: Vec<_> = [11, 12, 22, 31, 49, 54, 62].map(|key| Ok(key * 10)).into();
    assert_eq!(answers(calls).await, expected);
}

#[tokio::test]
async fn equal_keys_are_merged_only_when_asked_for() {
    for (merging, expected) in [(true, vec![7, 8]), (false, vec![7, 8, 7, 7])] {
        let (begun, mut batches) = mpsc::unbounded_channel();
        let batch = move |keys: Vec<u32>| {
            let (answer, answered) = oneshot::channel();
            begun.send(Held { keys, answer }).expect("the test listens");
            async move { answered.await.expect("answered") }
        };
        let coalescer =
            Arc::new(if merging { Coalescer::merging(ONE_LANE, batch) } else { Coalescer::new(ONE_LANE, batch) });
        let first = call_each(&coalescer, [1]).await;
        let batch = batches.recv().await.expect("held");
        let calls = call_each(&coalescer, [7, 8, 7, 7]).await;
        batch.answer();
        let batch = batches.recv().await.expect("the next batch");
        assert_eq!(batch.keys, expected);
        batch.answer();
        assert_eq!(answers(first).await, [Ok(10)]);
        assert_eq!(answers(calls).await, [Ok(70), Ok(80), Ok(70), Ok(70)]);
    }
}

#[test]
fn a_batch_that_dies_with_its_runtime_is_lost_and_another_runtime_goes_on() {
    let runtime = |threads| Builder::new_multi_thread().worker_threads(threads).build().expect("a runtime");
    let (coalescer, mut batches) = held(ONE_LANE);
    let (first, second) = (runtime(1), runtime(1));
    let owner = first.block_on(call_each(&coalescer, [1]));
    let held = second.block_on(batches.recv()).expect("it runs on the first runtime");
    let other = second.block_on(call_each(&coalescer, [2]));
    drop(owner);
    drop(first);
    assert_eq!(second.block_on(answers(other)), [Err(CoalesceError::Lost)], "queued behind it, and no lane is left");
    drop(held);

    let again = second.block_on(call_each(&coalescer, [3]));
    second.block_on(batches.recv()).expect("the lane was started again").answer();
    assert_eq!(second.block_on(answers(again)), [Ok(30)]);
}

#[tokio::test]
async fn a_dropped_coalescer_finishes_what_was_queued_and_its_lanes_end() {
    let (coalescer, mut batches) = held(ONE_LANE);
    let mut calls = call_each(&coalescer, [1]).await;
    let batch = batches.recv().await.expect("held");
    calls.extend(call_each(&coalescer, [2, 3]).await);
    for call in calls {
        call.abort();
        assert!(call.await.is_err());
    }
    assert_eq!(Arc::strong_count(&coalescer), 1, "the callers have gone");
    drop(coalescer);
    batch.answer();
    let batch = batches.recv().await.expect("what was queued");
    assert_eq!(batch.keys, [2, 3]);
    batch.answer();
    assert!(batches.recv().await.is_none(), "the lane has ended and dropped the batch function");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn among_many_callers_on_many_threads_each_gets_its_own_value() {
    let running = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&running);
    let batch = move |keys: Vec<u32>| {
        let count = Arc::clone(&count);
        async move {
            assert!(count.fetch_add(1, Ordering::SeqCst) < 3, "at most three lanes");
            assert!(!keys.is_empty() && keys.len() <= 16);
            if keys[0].is_multiple_of(3) {
                tokio::task::yield_now().await;
            }
            count.fetch_sub(1, Ordering::SeqCst);
            Ok(keys.into_iter().map(|key| key ^ 0xffff).collect())
        }
    };
    let coalescer: Arc<Numbers> = Arc::new(Coalescer::new(Limits { lanes: 3, batch_max: 16, queue_max: 1000 }, batch));
    let tasks: Vec<_> = (0..64u32)
        .map(|task| {
            let coalescer = Arc::clone(&coalescer);
            tokio::spawn(async move {
                let mut seen = HashSet::new();
                for call in 0..500 {
                    let key = task * 1000 + call;
                    assert_eq!(coalescer.call(key).await, Ok(key ^ 0xffff));
                    seen.insert(key);
                }
                seen.len()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("no wrong answer"), 500);
    }
    assert_eq!(running.load(Ordering::SeqCst), 0);
}
