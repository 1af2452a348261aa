//! The ledger as it is shown and written down: from the converter's edge to every stage, file and live client.

use crate::broker::{TopicStatus, WebSocketBroker};
use crate::ws::{ClientBook, Clients, TopicBook};
use pipeline_core::telemetry::{FileRow, Ledger, LedgerRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ledger. Everything is counted in frames: one sample of every channel.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct LedgerReport {
    /// Whether all is accounted for: nothing was lost that is not in here. While something is under way, as far as can be known.
    pub(crate) balances: bool,
    /// The stages, each after those that feed it.
    pub(crate) stages: Vec<StageLine>,
    /// What live clients can subscribe to, counted since the topic first appeared.
    #[serde(default)]
    pub(crate) topics: Vec<TopicLine>,
    /// Live clients that are connected.
    #[serde(default)]
    pub(crate) clients: Vec<ClientLine>,
}

/// One stage's line. What came in is at the rate of its input, what went on at its own.
///
/// A source: `acquired = passed_on + lost_by_cause + under_way`. A stage: what its inputs have made and lost
/// `= taken + lost + under_way`. A recorder: `taken + lost` is in its files, or `waiting`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StageLine {
    /// Its id.
    pub(crate) stage: String,
    /// The stages that feed it.
    pub(crate) inputs: Vec<String>,
    /// Whether it still works.
    pub(crate) ended: bool,
    /// What a source's device has converted, where that is known.
    pub(crate) acquired: Option<u64>,
    /// Conversions that became no samples, by cause.
    pub(crate) lost_by_cause: BTreeMap<String, u64>,
    /// Taken.
    pub(crate) taken: u64,
    /// Missing in what was taken, wherever they were lost.
    pub(crate) lost: u64,
    /// Of these, lost because the stage's queue was full.
    pub(crate) overflow: u64,
    /// Thrown away by the stage itself: its inputs do not agree, its disk does not keep up.
    pub(crate) dropped: u64,
    /// Taken, but passed over after an error.
    pub(crate) skipped: u64,
    /// Passed on.
    pub(crate) passed_on: u64,
    /// On the way to it; in a source, converted and not passed on yet.
    pub(crate) under_way: u64,
    /// What nobody has reported lost and is not there. Not 0 means a defect of this program.
    pub(crate) unaccounted: i64,
    /// A recorder's files.
    #[serde(default)]
    pub(crate) files: Vec<FileLine>,
    /// Of a recorder: taken, and in no file yet; or never, once it has ended.
    #[serde(default)]
    pub(crate) waiting: u64,
}

/// A file that is recorded.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct FileLine {
    /// Its name.
    pub(crate) file: String,
    /// Index of its first sample, as the recorder's input counts.
    pub(crate) first_sample: u64,
    /// Frames with values.
    pub(crate) recorded: u64,
    /// Frames that are missing, and stand in it as gaps.
    pub(crate) missing: u64,
    /// Whether it is being written.
    pub(crate) open: bool,
}

/// A topic.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TopicLine {
    /// Its name.
    pub(crate) topic: String,
    /// Encoded for live clients, if there are any.
    pub(crate) taken: u64,
    /// Missing in what came, wherever they were lost.
    pub(crate) lost: u64,
    /// Lost because the network side did not keep up; they are in `lost` as soon as something comes after them.
    pub(crate) overflow: u64,
}

/// A client of `/ws/data`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ClientLine {
    /// Clients are numbered as they come.
    pub(crate) client: u64,
    /// Who it is.
    pub(crate) peer: String,
    /// When it came, nanoseconds since the Unix epoch.
    pub(crate) since_unix_ns: i64,
    /// What it listens to, since it does.
    pub(crate) topics: BTreeMap<String, ClientTopic>,
}

/// One topic of one client: what the topic has counted since the subscription `= taken + lost + under_way`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ClientTopic {
    /// Packets that its socket took.
    pub(crate) packets: u64,
    /// The frames in them.
    pub(crate) taken: u64,
    /// Frames missing in between, wherever they were lost.
    pub(crate) lost: u64,
    /// Of these, lost because this client was too slow.
    pub(crate) lagged: u64,
    /// Waiting to be sent.
    pub(crate) under_way: u64,
}

impl LedgerReport {
    /// The stages alone, as for a recording.
    pub(crate) fn of_stages(ledger: &Ledger) -> Self {
        let rows = ledger.rows();
        let balances = rows.iter().all(LedgerRow::balances);
        let stages = rows.into_iter().map(StageLine::from).collect();
        Self { balances, stages, topics: Vec::new(), clients: Vec::new() }
    }

    /// With what live clients got.
    pub(crate) fn with_clients(self, broker: &WebSocketBroker, clients: &Clients) -> Self {
        let topics = broker.topics().into_iter().map(TopicLine::from).collect();
        let topic = |(topic, book): (String, Arc<TopicBook>)| {
            let line = book.line(|| broker.count(&topic).unwrap_or_default());
            (topic, line)
        };
        let client = |book: Arc<ClientBook>| ClientLine {
            client: book.number,
            peer: book.peer.clone(),
            since_unix_ns: book.since_ns,
            topics: book.topics().into_iter().map(topic).collect(),
        };
        let clients = clients.books().into_iter().map(client).collect();
        Self { topics, clients, ..self }
    }
}

impl From<LedgerRow> for StageLine {
    fn from(row: LedgerRow) -> Self {
        let waiting = if row.files.is_empty() { 0 } else { row.not_in_a_file() };
        let cause = |(cause, frames): (&str, u64)| (cause.to_owned(), frames);
        Self {
            stage: row.stage,
            inputs: row.inputs,
            ended: row.ended,
            acquired: row.acquired,
            lost_by_cause: row.lost_by_cause.into_iter().map(cause).collect(),
            taken: row.taken,
            lost: row.lost,
            overflow: row.overflow,
            dropped: row.dropped,
            skipped: row.skipped,
            passed_on: row.passed_on,
            under_way: row.under_way,
            unaccounted: row.unaccounted,
            files: row.files.into_iter().map(FileLine::from).collect(),
            waiting,
        }
    }
}

impl From<FileRow> for FileLine {
    fn from(row: FileRow) -> Self {
        let FileRow { name, first_sample, recorded, missing, open } = row;
        Self { file: name, first_sample, recorded, missing, open }
    }
}

impl From<TopicStatus> for TopicLine {
    fn from(status: TopicStatus) -> Self {
        let TopicStatus { topic, count, overflow, .. } = status;
        Self { topic: topic.to_string(), taken: count.taken, lost: count.lost, overflow }
    }
}
