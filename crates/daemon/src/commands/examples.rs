//! The examples under every `--help`: a command, two spaces or more, what it does. A test reads each as the command line would.

pub(super) const ALL: &str = "\
Examples:
  eegd                                  the demo: raw and filtered EEG at http://127.0.0.1:8080
  eegd run my.yaml                      your pipeline, live
  eegd run my.yaml --set notch.hz=50    with one parameter changed
  eegd process my.yaml                  the same pipeline over a recording, as fast as it can be read
  eegd check my.yaml                    every mistake in it, or the graph it makes
  eegd stages                           every kind of stage, with its parameters
  eegd info rec.bdf                     what is in a recording; recover makes one whole, convert writes it as another
  eegd doctor                           what this machine lacks, and what to type
  eegd bench --quick                    what this machine can carry
  eegd ctl set notch.hz=50              a parameter changed while it runs

`eegd COMMAND --help` has examples of each command.
Exit codes: 0 done, 2 the input (arguments, file, pipeline) is wrong, 1 anything else.";

pub(super) const RUN: &str = "\
Examples:
  eegd run                                           the built-in demo, at http://127.0.0.1:8080
  eegd run my.yaml --data-dir /data/eeg              your pipeline; what it records goes below /data/eeg
  eegd run my.yaml --set notch.hz=60                 with one parameter changed
  eegd run my.yaml --listen 127.0.0.1:0              on a free port, which is printed
  eegd run my.yaml --listen 0.0.0.0:8080 --token-file token   for other machines, which need the token
  eegd run --resume --fallback safe.yaml             what ran last; if it cannot be opened, safe.yaml

Ctrl-C ends it in order: what is under way is delivered, files are closed.";

pub(super) const PROCESS: &str = "\
Examples:
  eegd process my.yaml                               over the recording its `playback` names; files go below ./eegd-data
  eegd process my.yaml --data-dir out --set bandpass.high_hz=30
  eegd process STUDY/pipeline.yaml --input STUDY/raw.bdf   what was computed live, computed again";

pub(super) const CHECK: &str = "\
Examples:
  eegd check my.yaml                                 the graph it makes, or every mistake in it
  eegd check my.yaml --filters                       also what each filter does to each frequency
  eegd check my.yaml --filters=8,10,13               at these
  eegd check my.yaml --set notch.hz=60               with one parameter changed";

pub(super) const CTL: &str = "\
Examples:
  eegd ctl status                                    what runs, and what was lost
  eegd ctl set notch.hz=50 notch.q=20                both, at one sample, or neither
  eegd ctl stage add fft --kind psd --after notch    a spectrum after the notch
  eegd ctl marker \"eyes closed\"                    an event in every recording
  eegd ctl study begin P001 --task rest              record, with all that is needed to repeat it
  eegd ctl start my.yaml                             another pipeline in the place of the one that runs
  eegd ctl --url http://rig.local:8080 --token-file token status   an eegd on another machine";

pub(super) const BENCH: &str = "\
Examples:
  eegd bench                                         everything, five minutes; leave the machine alone meanwhile
  eegd bench --quick                                 a look, half a minute
  eegd bench --json today.json --plot today.svg      to be kept
  eegd bench --compare before.json                   what has changed since, beyond the noise of both
  eegd bench --data-dir /mnt/card                    recordings on the disk that is meant

Ctrl-C shows what has been measured by then.";

pub(super) const DOCTOR: &str = "\
Examples:
  eegd doctor                                        kernel, privileges, cores, heat, SPI, GPIO, disk, clock, port
  eegd doctor my.yaml                                also its boards: opened, and their conversions counted
  eegd doctor --data-dir /data/eeg                   the disk on which recordings will lie
  eegd doctor --json                                 for programs

Exit codes: 0 ready (something may still be better), 1 something has to be put right, 2 the pipeline is wrong.";

pub(super) const INFO: &str = "\
Examples:
  eegd info rec.bdf                                  streams, gaps, annotations, and whether it is whole
  eegd info rec.xdf --json                           for programs";

pub(super) const RECOVER: &str = "\
Examples:
  eegd recover rec.bdf                               after a power cut; a file that is whole is left alone";

pub(super) const CONVERT: &str = "\
Examples:
  eegd convert rec.xdf rec.bdf                       bit for bit where the format can
  eegd convert rec.xdf eeg.edf --stream EEG --range-uv 3000   one stream, as 16-bit EDF over +-3 mV";

pub(super) const EXPORT: &str = "\
Examples:
  eegd export bids eegd-data/studies/one eegd-data/studies/two bids    two studies as one BIDS dataset
  eegd export bids eegd-data/studies/one bids --reference Cz --power-line-hz 50";

pub(super) const STAGES: &str = "\
Examples:
  eegd stages                                        every kind, its parameters and defaults
  eegd stages notch bandpass                         these alone
  eegd stages --json                                 with JSON Schema and an example of each";

pub(super) const MAN: &str = "\
Examples:
  eegd man ~/.local/share/man/man1                   then `man eegd-run`; the packages bring them";

pub(super) const COMPLETIONS: &str = "\
Examples:
  eegd completions bash                              to ~/.local/share/bash-completion/completions/eegd; the packages bring them";

pub(super) const CTL_STATUS: &str = "\
Examples:
  eegd ctl status                                    state, and frames in, out and lost of each stage
  eegd ctl status --json                             all of it: GET /pipeline";

pub(super) const CTL_START: &str = "\
Examples:
  eegd ctl start my.yaml                             in the place of what runs; stages that both have live on
  eegd ctl start --preset synthetic                  one that ships with eegd, or of --presets
  eegd ctl start                                     the one there is, from the beginning";

pub(super) const CTL_STOP: &str = "\
Examples:
  eegd ctl stop                                      answers when every file is closed";

pub(super) const CTL_SET: &str = "\
Examples:
  eegd ctl set notch.hz=50                           the answer names the sample from which on it counts
  eegd ctl set bandpass.low_hz=1 bandpass.high_hz=40 both or neither";

pub(super) const CTL_PATCH: &str = "\
Examples:
  eegd ctl patch '[{\"op\": \"replace\", \"path\": \"/stages/notch/params/hz\", \"value\": 50}]'
  eegd ctl patch - --if-revision 7                   from standard input, unless somebody has changed something since";

pub(super) const CTL_STAGE: &str = "\
Examples:
  eegd ctl stage add fft --kind psd --after notch --params '{\"window_s\": 2}'
  eegd ctl stage remove fft                          what it fed is fed by what fed it
  eegd ctl stage restart csv_sink                    after a failure: that stage, and what is dead behind it";

pub(super) const CTL_MARKER: &str = "\
Examples:
  eegd ctl marker \"eyes closed\"                    now
  eegd ctl marker \"stimulus 3\" --time 1790000000123456789   at that moment";

pub(super) const CTL_PRESETS: &str = "\
Examples:
  eegd ctl presets                                   names for `eegd ctl start --preset`";

pub(super) const CTL_STUDY: &str = "\
Examples:
  eegd ctl study begin P001 --task rest --notes \"cap M\"   from now on all sources are recorded
  eegd ctl study begin P001 --record bandpass        the filtered signal too
  eegd ctl study end                                 answers when the files are closed and their checksums are known
  eegd ctl study list                                the newest first";

pub(super) const CTL_LEDGER: &str = "\
Examples:
  eegd ctl ledger                                    acquired = passed on + lost + under way, at every stage
  eegd ctl ledger --json                             GET /pipeline/ledger";

pub(super) const CTL_TOPICS: &str = "\
Examples:
  eegd ctl topics                                    each is ws://HOST/ws/data?topics=NAME";

#[cfg(test)]
mod tests {
    use super::super::cli::Cli;
    use clap::{Command, CommandFactory, Parser};

    /// Words as a shell would make them, of the part before two spaces.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
        let mut letters = line.trim_start().chars().peekable();
        while let Some(letter) = letters.next() {
            match quote {
                Some(open) if letter == open => quote = None,
                None if letter == '\'' || letter == '"' => quote = Some(letter),
                None if letter == ' ' => {
                    words.push(std::mem::take(&mut word));
                    if letters.peek() == Some(&' ') {
                        return words;
                    }
                }
                _ => word.push(letter),
            }
        }
        words.push(word);
        words
    }

    fn every(command: &Command, path: &str, found: &mut usize) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  eegd")).collect();
        assert!(
            examples.iter().any(|e| words(e).join(" ").contains(path)),
            "no example of `{path}`"
        );
        for example in examples {
            if let Err(error) = Cli::try_parse_from(words(example)) {
                panic!("under `{path}`: {example}\n{error}");
            }
            *found += 1;
        }
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            every(sub, &format!("{path} {}", sub.get_name()), found);
        }
    }

    #[test]
    fn every_command_has_examples_and_they_are_understood() {
        let mut found = 0;
        every(&Cli::command(), "eegd", &mut found);
        assert!(found > 50, "{found}");
    }

    #[test]
    fn words_as_a_shell_makes_them() {
        let line = "  eegd ctl marker \"eyes closed\" --x '{\"a\": 1}'   what it does";
        assert_eq!(words(line), ["eegd", "ctl", "marker", "eyes closed", "--x", "{\"a\": 1}"]);
        assert_eq!(words("  eegd"), ["eegd"]);
    }
}
