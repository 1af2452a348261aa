//! Live clients, and what reaches them.

use super::text::Exposition;
use crate::broker::{TopicStatus, WebSocketBroker};

pub(super) fn write(out: &mut Exposition, broker: &WebSocketBroker, clients: usize) {
    out.gauge("eegd_websocket_clients", "WebSocket clients that are connected.")
        .sample(&[], clients);
    let topics = broker.topics();
    let mut topic_clients = out.gauge("eegd_topic_clients", "Clients that listen to the topic.");
    for TopicStatus { topic, clients, .. } in &topics {
        topic_clients.sample(&[("topic", topic)], clients);
    }
    let counts: [(&'static str, &str, fn(&TopicStatus) -> u64); 3] = [
        ("eegd_topic_packets_total", "Packets of the topic.", |t| t.packets),
        (
            "eegd_topic_lost_packets_total",
            "Packets that live clients miss because the hand-over to the network was full.",
            |t| t.lost_packets,
        ),
        (
            "eegd_topic_lagged_packets_total",
            "Packets missed by clients that were too slow, over all clients.",
            |t| t.lagged_packets,
        ),
    ];
    for (name, help, count) in counts {
        let mut family = out.counter(name, help);
        topics.iter().for_each(|topic| family.sample(&[("topic", &topic.topic)], count(topic)));
    }
    let help = "Age of a packet's newest sample, from its arrival at the host (the edge of the ADC's data-ready \
                line, where there is one) until a client's socket has taken it.";
    let mut age = out.durations("eegd_socket_age_seconds", help);
    topics.iter().for_each(|topic| age.histogram(&[("topic", &topic.topic)], &topic.age_ns));
}
