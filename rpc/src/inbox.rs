//! [`Inbox`]: the frames that one read has brought, on their way to the side that receives them.
//!
//! A side may take them in rounds, between which every task that is ready runs: what the first of many frames cause is
//! then written while the last ones still wait, and the peer has something to do meanwhile.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering},
};

use bytes::BytesMut;

use crate::{
    connection::{Breach, Side, Wire, yield_once},
    frame::{self, Frame, FrameError, Kind},
};

/// Frames between the read that brought them and the side that receives them. Outlives the reader, so that none is lost
/// when that ends between two rounds.
#[derive(Default)]
pub(crate) struct Inbox {
    frames: VecDeque<Frame>,
    /// Empty between two rounds: kept for its memory.
    part: Vec<Frame>,
}

impl Inbox {
    /// Takes all whole frames off the buffer; says how many, and whether what comes next can be one.
    pub(crate) fn fill(
        &mut self,
        wire: &Wire,
        buffer: &mut BytesMut,
        max_frame_bytes: usize,
    ) -> (u64, Result<(), FrameError>) {
        let mut taken = 0;
        let rest = loop {
            let frame = match frame::take(buffer, max_frame_bytes) {
                Ok(Some(frame)) => frame,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            taken += 1;
            match frame.kind {
                Kind::Ping => answer_ping(wire, &frame),
                Kind::Pong => {}
                _ => self.frames.push_back(frame),
            }
        };
        if taken > 0 {
            wire.traffic.frames_read.fetch_add(taken, Ordering::Relaxed);
        }
        (taken, rest)
    }

    /// Hands everything to the side, in rounds of its choice.
    pub(crate) async fn empty<S: Side>(&mut self, side: &Arc<S>) -> Result<(), Breach> {
        let round = side.round(self.frames.len());
        while self.frames.len() > round {
            self.hand_over(side, round)?;
            yield_once().await;
        }
        self.hand_over(side, round)
    }

    /// Hands at most `count` frames to the side.
    pub(crate) fn hand_over<S: Side>(&mut self, side: &Arc<S>, count: usize) -> Result<(), Breach> {
        let count = count.min(self.frames.len());
        if count == 0 {
            return Ok(());
        }
        self.part.extend(self.frames.drain(..count));
        side.receive(&mut self.part)?;
        self.part.clear();
        Ok(())
    }
}

/// Whoever pings without ever reading does not fill this side's memory with answers: what waits is sign of life enough.
fn answer_ping(wire: &Wire, ping: &Frame) {
    if !wire.outbox.is_full() {
        wire.send(Kind::Pong, 0, 0, ping.id, b"");
    }
}

#[cfg(all(test, not(teller_loom)))]
mod tests {
    use std::{pin::pin, sync::Mutex, task};

    use super::{Arc, Breach, BytesMut, Frame, FrameError, Inbox, Kind, Side, Wire, frame};

    /// Takes frames three at a time, and notes how many came when.
    struct InThrees(Wire, Mutex<Vec<usize>>);

    impl Side for InThrees {
        fn wire(&self) -> &Wire {
            &self.0
        }
        fn receive(self: &Arc<Self>, frames: &mut Vec<Frame>) -> Result<(), Breach> {
            self.1.lock().expect("no test panics with it").push(frames.len());
            Ok(())
        }
        fn round(&self, _: usize) -> usize {
            3
        }
        fn several(&self) -> bool {
            false
        }
    }

    /// An inbox of seven responses, which a ping and no frame follow.
    fn filled() -> (Arc<InThrees>, Inbox) {
        let side = Arc::new(InThrees(Wire::new(1 << 10), Mutex::default()));
        let (mut inbox, mut bytes) = (Inbox::default(), vec![]);
        (0..7).for_each(|id| frame::put(&mut bytes, Kind::Response, 0, 0, id, b"answer"));
        frame::put(&mut bytes, Kind::Ping, 0, 0, 0, b"");
        bytes.extend_from_slice(&[0; frame::HEADER_BYTES]);
        let (taken, rest) = inbox.fill(&side.0, &mut BytesMut::from(&bytes[..]), 1 << 10);
        assert_eq!((taken, rest), (8, Err(FrameError::UnknownKind(0))));
        (side, inbox)
    }

    #[tokio::test]
    async fn frames_come_in_rounds_and_all_of_them() {
        let (side, mut inbox) = filled();
        inbox.empty(&side).await.expect("the side accepts all");
        inbox.empty(&side).await.expect("the side accepts none");
        assert_eq!(*side.1.lock().expect("no test panics with it"), [3, 3, 1]);
    }

    #[test]
    fn a_reader_that_ends_between_two_rounds_leaves_the_rest() {
        let (side, mut inbox) = filled();
        let mut task = task::Context::from_waker(task::Waker::noop());
        assert!(pin!(inbox.empty(&side)).as_mut().poll(&mut task).is_pending());
        inbox.hand_over(&side, usize::MAX).expect("the side accepts all");
        assert_eq!(*side.1.lock().expect("no test panics with it"), [3, 4]);
    }
}
