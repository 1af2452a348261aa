//! What every client of `/ws/data` was sent and was not, for the ledger.

use crate::broker::TopicCount;
use crate::ledger::ClientTopic;
use pipeline_core::clock::{Clock, monotonic_ns};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The books of all clients that are connected.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    open: Mutex<BTreeMap<u64, Arc<ClientBook>>>,
    next: AtomicU64,
}

/// One client's.
#[derive(Debug)]
pub(crate) struct ClientBook {
    /// Numbers clients in the order in which they came.
    pub(crate) number: u64,
    /// Who it is.
    pub(crate) peer: String,
    /// Since when, nanoseconds since the Unix epoch.
    pub(crate) since_ns: i64,
    topics: Mutex<BTreeMap<String, Arc<TopicBook>>>,
}

/// What one client was sent of one topic, in frames: written by the task that sends.
#[derive(Debug)]
pub(crate) struct TopicBook {
    from: TopicCount,
    packets: AtomicU64,
    taken: AtomicU64,
    due: AtomicU64,
    lagged: AtomicU64,
    /// What the topic had counted with the last packet sent.
    at_taken: AtomicU64,
}

/// A client's book, kept as long as this is.
#[derive(Debug)]
pub(super) struct Entry {
    clients: Arc<Clients>,
    pub(super) book: Arc<ClientBook>,
}

impl Clients {
    pub(super) fn enter(self: &Arc<Self>, peer: String) -> Entry {
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let since_ns = Clock::now().unix_ns(monotonic_ns());
        let book = Arc::new(ClientBook { number, peer, since_ns, topics: Mutex::default() });
        lock(&self.open).insert(number, Arc::clone(&book));
        Entry { clients: Arc::clone(self), book }
    }

    /// Those that are connected.
    pub(crate) fn books(&self) -> Vec<Arc<ClientBook>> {
        lock(&self.open).values().cloned().collect()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.clients.open).remove(&self.book.number);
    }
}

impl ClientBook {
    /// Begins a topic, anew when the client has left it before.
    pub(super) fn begin(&self, topic: &str, from: TopicCount) -> Arc<TopicBook> {
        let book = Arc::new(TopicBook {
            from,
            packets: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            due: AtomicU64::new(from.due()),
            lagged: AtomicU64::new(0),
            at_taken: AtomicU64::new(from.taken),
        });
        lock(&self.topics).insert(topic.to_owned(), Arc::clone(&book));
        book
    }

    pub(super) fn end(&self, topic: &str) {
        lock(&self.topics).remove(topic);
    }

    /// The topics it listens to.
    pub(crate) fn topics(&self) -> Vec<(String, Arc<TopicBook>)> {
        let topics = lock(&self.topics);
        topics.iter().map(|(topic, book)| (topic.clone(), Arc::clone(book))).collect()
    }
}

impl TopicBook {
    /// A packet that the client's socket has taken, with what the topic counts then, and its own frames.
    pub(super) fn sent(&self, count: TopicCount, frames: u64) {
        // One writer: loads and stores do. `due` last: a reader that sees it sees the rest.
        let add =
            |cell: &AtomicU64, n| cell.store(cell.load(Ordering::Relaxed) + n, Ordering::Relaxed);
        add(&self.packets, 1);
        add(&self.taken, frames);
        add(&self.lagged, count.taken - frames - self.at_taken.load(Ordering::Relaxed));
        self.at_taken.store(count.taken, Ordering::Relaxed);
        self.due.store(count.due(), Ordering::Release);
    }

    /// What it comes to. `now` tells what the topic has counted by now; it is asked last, so that it is never behind.
    pub(crate) fn line(&self, now: impl FnOnce() -> TopicCount) -> ClientTopic {
        let due = self.due.load(Ordering::Acquire);
        let taken = self.taken.load(Ordering::Relaxed);
        ClientTopic {
            packets: self.packets.load(Ordering::Relaxed),
            taken,
            lost: (due - self.from.due()).saturating_sub(taken),
            lagged: self.lagged.load(Ordering::Relaxed),
            under_way: now().due().saturating_sub(due),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_topic_counts_after_the_subscription_is_taken_lost_or_under_way() {
        let clients = Arc::new(Clients::default());
        let entry = clients.enter("somebody".to_owned());
        let book = entry.book.begin("eeg", TopicCount { taken: 100, lost: 7 });
        book.sent(TopicCount { taken: 110, lost: 7 }, 10);
        // Three packets of 10 missed, then one that follows a gap of 5.
        book.sent(TopicCount { taken: 150, lost: 12 }, 10);
        let line = book.line(|| TopicCount { taken: 160, lost: 12 });
        let expected = ClientTopic { packets: 2, taken: 20, lost: 35, lagged: 30, under_way: 10 };
        assert_eq!(line, expected);
        assert_eq!(clients.books().len(), 1);
        entry.book.end("eeg");
        assert!(entry.book.topics().is_empty());
        drop(entry);
        assert!(clients.books().is_empty());
    }
}
