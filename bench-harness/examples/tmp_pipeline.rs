//! tmp
use clap::Parser;
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: seawall::cli::bench_pipeline::PipelineArgs,
}
fn main() {
    let c = Cli::parse();
    match seawall::cli::bench_pipeline::run(&c.args, &mut std::io::stdout().lock()) {
        Ok(true) => {}
        Ok(false) => std::process::exit(1),
        Err(e) => {
            eprintln!("error: {e}");
            std::process::exit(2)
        }
    }
}
