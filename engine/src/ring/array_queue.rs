//! The crossbeam `ArrayQueue` behind the same interface: the yardstick, and a second opinion.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_queue::ArrayQueue;

use super::{Full, RingReceiver, RingSender, Transport};

#[derive(Debug)]
struct Shared<T> {
    queue: ArrayQueue<T>,
    sender_gone: AtomicBool,
    receiver_gone: AtomicBool,
}

/// `crossbeam_queue::ArrayQueue`: many to many by compare-and-swap, used one to one.
#[derive(Clone, Copy, Debug)]
pub struct ArrayQueueRing;

impl Transport for ArrayQueueRing {
    const NAME: &'static str = "array-queue";
    type Sender<T: Copy + Send + Sync + 'static> = QueueSender<T>;
    type Receiver<T: Copy + Send + Sync + 'static> = QueueReceiver<T>;

    fn channel<T: Copy + Send + Sync + 'static>(
        capacity: usize,
    ) -> (QueueSender<T>, QueueReceiver<T>) {
        let shared = Arc::new(Shared {
            queue: ArrayQueue::new(capacity.next_power_of_two()),
            sender_gone: AtomicBool::new(false),
            receiver_gone: AtomicBool::new(false),
        });
        (QueueSender { shared: Arc::clone(&shared) }, QueueReceiver { shared })
    }
}

/// The sending end of an [`ArrayQueueRing`].
#[derive(Debug)]
pub struct QueueSender<T> {
    shared: Arc<Shared<T>>,
}

impl<T: Copy + Send> RingSender<T> for QueueSender<T> {
    #[inline]
    fn push(&mut self, message: T) -> Result<(), Full<T>> {
        self.shared.queue.push(message).map_err(Full)
    }

    fn push_batch(&mut self, messages: &[T]) -> usize {
        messages.iter().take_while(|message| self.push(**message).is_ok()).count()
    }

    fn is_abandoned(&self) -> bool {
        self.shared.receiver_gone.load(Ordering::Acquire)
    }
}

impl<T> Drop for QueueSender<T> {
    fn drop(&mut self) {
        self.shared.sender_gone.store(true, Ordering::Release);
    }
}

/// The receiving end of an [`ArrayQueueRing`].
#[derive(Debug)]
pub struct QueueReceiver<T> {
    shared: Arc<Shared<T>>,
}

impl<T: Copy + Send> RingReceiver<T> for QueueReceiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.shared.queue.pop()
    }

    fn drain(&mut self, max: usize, mut each: impl FnMut(T)) -> usize {
        let mut taken = 0;
        while taken < max {
            let Some(message) = self.shared.queue.pop() else { break };
            taken += 1;
            each(message);
        }
        taken
    }

    fn is_finished(&self) -> bool {
        self.shared.sender_gone.load(Ordering::Acquire) && self.shared.queue.is_empty()
    }
}

impl<T> Drop for QueueReceiver<T> {
    fn drop(&mut self) {
        self.shared.receiver_gone.store(true, Ordering::Release);
    }
}
