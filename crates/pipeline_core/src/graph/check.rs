//! Builds every stage in order, hands each the streams it will get, and keeps what came of it.

use super::desc::{Body, Built, Inputs, NodeDesc, Role};
use super::error::GraphError;
use super::order::wire;
use super::response::FrequencyResponse;
use super::spec::StreamSpec;
use crate::packet::{ChannelMeta, PacketKind, PoolSize, SensorMeta};
use crate::stage::{ErrorPolicy, SourceImpl, StageImpl};
use std::collections::HashMap;
use std::sync::Arc;

/// A graph that is known to be good: nothing is open yet.
pub struct CheckedGraph {
    /// Every stage after the stages that feed it.
    pub nodes: Vec<Node>,
}

/// One stage of a checked graph.
pub struct Node {
    /// Unique name.
    pub id: String,
    /// Where it stands.
    pub role: Role,
    /// The group of threads it runs in.
    pub group: String,
    /// Indices of the stages that feed it.
    pub inputs: Vec<usize>,
    /// What comes out; `None` for a sink.
    pub output: Option<StreamSpec>,
    /// What it does to each frequency, if it is a filter.
    pub response: Option<Arc<dyn FrequencyResponse>>,
    /// What its pool is made for: the most samples a packet has that comes in or goes out, and how often one goes out.
    pub pool_size: PoolSize,
    /// What to do when it fails.
    pub policy: Box<dyn ErrorPolicy>,
    /// The stage.
    pub body: NodeBody,
}

/// The stage inside a node.
pub enum NodeBody {
    /// Makes packets.
    Source(Box<dyn SourceImpl>),
    /// Takes packets.
    Stage(Box<dyn StageImpl>),
}

impl std::fmt::Debug for CheckedGraph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.nodes.iter().map(|n| (&n.id, &n.group, &n.inputs, &n.output)))
            .finish()
    }
}

/// Checks a description: wiring, kinds of packet, rates, channel counts, delays, parameters.
///
/// Where a stage cannot be built, those behind it are checked against what it was fed itself, or would have been
/// fed, and only mistakes that cannot come from that guess are reported.
///
/// # Errors
/// Every mistake found, each once, in the order of the description. None, when a stage refused without a word.
pub fn check(descs: Vec<NodeDesc<'_>>) -> Result<CheckedGraph, Vec<GraphError>> {
    let mut errors = Vec::new();
    if descs.is_empty() {
        errors.push(GraphError::new(
            "/stages",
            "a pipeline needs at least one stage: begin with a source",
        ));
    }
    let wiring = wire(&descs, &mut errors);
    let unknown = Stream::unknown();
    let mut streams: Vec<Option<Stream>> = descs.iter().map(|_| None).collect();
    let mut built: Vec<Option<Built>> = descs.iter().map(|_| None).collect();
    for i in &wiring.order {
        let fed: Vec<Option<&Stream>> =
            wiring.inputs[*i].iter().map(|input| streams[*input].as_ref()).collect();
        let fed: Vec<&Stream> = fed.into_iter().map(|stream| stream.unwrap_or(&unknown)).collect();
        let mut named: Vec<(&str, StreamSpec)> = wiring.inputs[*i]
            .iter()
            .zip(&fed)
            .map(|(k, s)| (descs[*k].id.as_str(), s.spec.clone()))
            .collect();
        let nobody = descs[*i].build.role() != Role::Source && fed.is_empty();
        if nobody {
            named.push(("", unknown.spec.clone()));
        }
        let guessed = nobody || fed.iter().any(|stream| stream.guessed);
        let (stream, stage) = match descs[*i].build.build(&Inputs::new(&named)) {
            Ok(stage) => {
                (stage.output().map(|spec| Stream { spec: spec.clone(), guessed }), Some(stage))
            }
            Err(mistakes) => {
                let real = mistakes.into_iter().filter(|m| !(guessed && m.depends_on_input()));
                let source = source_of(*i, &wiring.inputs);
                errors.extend(real.map(|m| m.at(&descs[*i].id, &descs[source].id)));
                (named.first().map(|(_, spec)| Stream { spec: spec.clone(), guessed: true }), None)
            }
        };
        streams[*i] = stream;
        built[*i] = stage;
    }
    one_way_between_groups(&descs, &wiring.inputs, &mut errors);
    // A stage may refuse without a word when its mistake has been told elsewhere: its parameters did not parse.
    if !errors.is_empty() || built.iter().any(Option::is_none) {
        return Err(errors);
    }
    Ok(assemble(descs, &wiring.inputs, &wiring.order, built))
}

/// The source at the end of first inputs.
fn source_of(stage: usize, inputs: &[Vec<usize>]) -> usize {
    let above = |stage: &usize| inputs[*stage].first().copied();
    // What is built has everything that feeds it before it, so the way up ends.
    std::iter::successors(Some(stage), above).last().unwrap_or(stage)
}

struct Stream {
    spec: StreamSpec,
    guessed: bool,
}

impl Stream {
    /// What a stage is taken to be fed when nobody can say. It suits every stage: what does not fit it is not told.
    fn unknown() -> Self {
        let sensor =
            SensorMeta { channels: vec![ChannelMeta::microvolts("ch1")], ..SensorMeta::default() };
        let spec = StreamSpec {
            kind: PacketKind::RawAndVoltage,
            rate_hz: 250.0,
            sensor: Arc::new(sensor),
            max_frames: 1,
            delay_s: 0.0,
            total_frames: None,
            live: true,
        };
        Self { spec, guessed: true }
    }
}

fn group_of(desc: &NodeDesc<'_>) -> String {
    desc.group.clone().unwrap_or_else(|| desc.build.role().default_group().to_owned())
}

/// Packets cross between two groups one way only: a queue that is full must never wait for itself.
fn one_way_between_groups(
    descs: &[NodeDesc<'_>],
    inputs: &[Vec<usize>],
    errors: &mut Vec<GraphError>,
) {
    let groups: Vec<String> = descs.iter().map(group_of).collect();
    let mut reaches: HashMap<&str, Vec<&str>> = HashMap::new();
    for (to, sources) in inputs.iter().enumerate() {
        for from in sources.iter().filter(|from| groups[**from] != groups[to]) {
            if reachable(&reaches, &groups[to], &groups[*from]) {
                errors.push(GraphError::new(
                    format!("/stages/{}", descs[to].id),
                    format!(
                        "group `{}` would feed group `{}` and be fed by it: give `{}` a `group` of its own",
                        groups[*from], groups[to], descs[to].id
                    ),
                ));
            } else {
                reaches.entry(&groups[*from]).or_default().push(&groups[to]);
            }
        }
    }
}

fn reachable(reaches: &HashMap<&str, Vec<&str>>, from: &str, to: &str) -> bool {
    from == to
        || reaches
            .get(from)
            .is_some_and(|next| next.iter().any(|next| reachable(reaches, next, to)))
}

fn assemble(
    descs: Vec<NodeDesc<'_>>,
    inputs: &[Vec<usize>],
    order: &[usize],
    mut built: Vec<Option<Built>>,
) -> CheckedGraph {
    let mut place = vec![0; descs.len()];
    order.iter().enumerate().for_each(|(new, old)| place[*old] = new);
    let mut descs: Vec<Option<NodeDesc<'_>>> = descs.into_iter().map(Some).collect();
    let mut nodes: Vec<Node> = Vec::with_capacity(order.len());
    for old in order {
        let desc = descs[*old].take().expect("the order names each stage once");
        let Built { body, output, response } =
            built[*old].take().expect("no error means every stage was built");
        let inputs: Vec<usize> = inputs[*old].iter().map(|input| place[*input]).collect();
        let fed = inputs
            .iter()
            .filter_map(|i| nodes[*i].output.as_ref())
            .map(StreamSpec::max_samples)
            .sum();
        nodes.push(Node {
            group: group_of(&desc),
            role: desc.build.role(),
            id: desc.id,
            pool_size: PoolSize {
                packet_samples: output.as_ref().map_or(0, StreamSpec::max_samples).max(fed),
                packets_per_s: output.as_ref().map_or(0.0, StreamSpec::packets_per_s),
            },
            inputs,
            output,
            response,
            policy: desc.policy,
            body: match body {
                Body::Source(source) => NodeBody::Source(source),
                Body::Stage(stage) => NodeBody::Stage(stage),
            },
        });
    }
    CheckedGraph { nodes }
}
