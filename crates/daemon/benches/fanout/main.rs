//! What a live client costs: CPU of the server per delivered frame, and the time from publishing to the client.
//!
//! `cargo bench -p daemon --bench fanout [-- [CLIENTS]... [--seconds S] [--rounds R] [--frames N] [--quick]]`
//!
//! Packets of 8 channels x 40 frames, 100 a second, to N WebSocket clients on loopback: by eegd, by axum as it comes, by axum
//! tuned, and by a loop that writes to one socket after the other, which is the limit. They take turns, round by round;
//! a figure is the median over the rounds, a ratio the median of the ratios to the limit within each round. The server
//! is a process of its own on core 0, the clients are one thread on core 1. CPU is what the kernel accounts to the server's process, making the packets included.

mod clients;
mod process;
mod servers;

use clients::{Heard, listen};
use process::Server;
use servers::Way;

/// What to measure.
struct Choice {
    clients: Vec<usize>,
    seconds: f64,
    rounds: usize,
    frames: usize,
}

fn choice(args: impl Iterator<Item = String>) -> Result<Choice, String> {
    let mut choice = Choice { clients: Vec::new(), seconds: 3.0, rounds: 5, frames: 40 };
    // `cargo test --benches` does not say --bench: then it is enough that all of it works.
    let mut quick = true;
    let mut args = args;
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        let wrong = |text: &str| format!("`{text}` is not a number");
        match arg.as_str() {
            "--bench" => quick = false,
            "--quick" => quick = true,
            "--seconds" => {
                choice.seconds = value().and_then(|v| v.parse().map_err(|_| wrong(&v)))?;
            }
            "--rounds" => choice.rounds = value().and_then(|v| v.parse().map_err(|_| wrong(&v)))?,
            "--frames" => choice.frames = value().and_then(|v| v.parse().map_err(|_| wrong(&v)))?,
            clients => choice.clients.push(clients.parse().map_err(|_| wrong(clients))?),
        }
    }
    // `--quick` may come behind `--bench`, and wins.
    if quick || std::env::args().any(|arg| arg == "--quick") {
        choice = Choice { clients: vec![10], seconds: 0.3, rounds: 1, ..choice };
    }
    if choice.clients.is_empty() {
        choice.clients = vec![50, 200];
    }
    Ok(choice)
}

fn main() -> Result<(), String> {
    let mut args = std::env::args().skip(1).peekable();
    if args.peek().is_some_and(|arg| arg == "--serve") {
        return servers::serve(args.skip(1));
    }
    let choice = choice(args)?;
    println!(
        "fan-out: packets of {} channels x {} frames, 100 a second",
        servers::CHANNELS,
        choice.frames
    );
    choice.clients.iter().try_for_each(|clients| contest(*clients, &choice))
}

/// Every way in each round, the order turning.
fn contest(clients: usize, choice: &Choice) -> Result<(), String> {
    let mut figures: Vec<Vec<Figures>> = Way::ALL.iter().map(|_| Vec::new()).collect();
    for round in 0..choice.rounds {
        for turn in 0..Way::ALL.len() {
            let at = (round + turn) % Way::ALL.len();
            figures[at].push(measure(Way::ALL[at], clients, choice)?);
        }
    }
    println!("\n{clients} clients");
    println!(
        "  ratio  us/delivery  server CPU %  p50 ms  p99 ms  lost  server MB  (ratio of CPU to the last row)"
    );
    let limit = &figures[Way::ALL.len() - 1];
    for (way, rounds) in Way::ALL.iter().zip(&figures) {
        let of = |figure: fn(&Figures) -> f64| median(rounds.iter().map(figure));
        let ratio = median(rounds.iter().zip(limit).map(|(a, b)| a.cpu_us / b.cpu_us));
        println!(
            "{ratio:7.2} {:12.2} {:13.1} {:7.2} {:7.2} {:5} {:10.1}  {}",
            of(|f| f.cpu_us),
            of(|f| f.cpu_percent),
            of(|f| f.p50_ms),
            of(|f| f.p99_ms),
            rounds.iter().map(|f| f.lost).sum::<u64>(),
            of(|f| f.resident_mb),
            way.title(),
        );
    }
    Ok(())
}

/// One turn.
struct Figures {
    cpu_us: f64,
    cpu_percent: f64,
    p50_ms: f64,
    p99_ms: f64,
    lost: u64,
    resident_mb: f64,
}

fn measure(way: Way, clients: usize, choice: &Choice) -> Result<Figures, String> {
    let server = Server::start(way, clients, choice.frames)?;
    let Heard { mut latencies_ns, lost, cpu_ns, resident_mb } =
        listen(&server, clients, choice.frames, choice.seconds)?;
    latencies_ns.sort_unstable();
    let quantile_ms = |q: f64| {
        let at = ((latencies_ns.len().max(1) - 1) as f64 * q) as usize;
        latencies_ns.get(at).map_or(f64::NAN, |ns| *ns as f64 * 1e-6)
    };
    Ok(Figures {
        cpu_us: cpu_ns as f64 / latencies_ns.len().max(1) as f64 * 1e-3,
        cpu_percent: cpu_ns as f64 / choice.seconds * 1e-7,
        p50_ms: quantile_ms(0.5),
        p99_ms: quantile_ms(0.99),
        lost,
        resident_mb,
    })
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
