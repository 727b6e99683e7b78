//! Estimators against the truth.

use plotly::color::NamedColor;
use plotly::common::{ErrorData, ErrorType, Marker, Mode, Title};
use plotly::layout::Axis;
use plotly::{Plot, Scatter};

use super::super::{Chart, DataTable, colour, layout, panel_title};
use super::{keys, pm};
use crate::study::queue::answers::Answers;

pub(super) fn estimators(answers: &Answers) -> Option<Chart> {
    let mut table = DataTable::new(&[
        "model",
        "during",
        "shadows",
        "truly filled",
        "bias (points)",
        "error (lots)",
        "rmse (lots)",
        "filled, if said",
        "filled, if not",
    ]);
    let share =
        |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{:.1} %", v * 100.0));
    for score in &answers.estimators {
        table.rows.push(vec![
            score.model.clone(),
            score.during.to_owned(),
            score.n.to_string(),
            share(Some(score.true_fill)),
            pm(score.bias, 100.0, 2),
            pm(score.error, 1.0, 1),
            format!("{:.1}", score.rmse),
            share(score.filled_if_said),
            share(score.filled_if_not),
        ]);
    }
    (!table.rows.is_empty()).then(|| Chart {
        id: "queue-estimators",
        title: "Estimators against the truth",
        caption: "Every model sees the level's quantity and the trades of the same run; the truth \
                  is a probe at the same place. Back of the best queue, both sides."
            .to_owned(),
        height_px: 460,
        is_narrow: false,
        figure: figure(answers).to_json(),
        table,
    })
}

/// Bias of every model, calm and in the cascade.
fn figure(answers: &Answers) -> Plot {
    let mut figure = Plot::new();
    for (during, colour) in [("calm", colour::MARK), ("cascade", colour::FORCED)] {
        let scores: Vec<_> = answers
            .estimators
            .iter()
            .filter(|score| score.during == during)
            .filter_map(|score| Some((score.model.clone(), score.bias?)))
            .collect();
        figure.add_trace(
            Scatter::new(
                scores.iter().map(|(_, bias)| bias.value * 100.0).collect(),
                scores.iter().map(|(model, _)| model.clone()).collect::<Vec<String>>(),
            )
            .name(during)
            .mode(Mode::Markers)
            .marker(Marker::new().color(colour).size(9))
            .error_x(
                ErrorData::new(ErrorType::Data)
                    .array(scores.iter().map(|(_, bias)| bias.half_width * 100.0).collect())
                    .color(colour)
                    .thickness(1.2),
            ),
        );
    }
    let names = [("calm", colour::MARK), ("onset and peak", colour::FORCED)];
    figure.set_layout(
        layout()
            .x_axis(
                Axis::new()
                    .title(Title::with_text(
                        "fill rate said less true fill rate (percentage points)",
                    ))
                    .zero_line(true)
                    .zero_line_color(NamedColor::Gray),
            )
            .y_axis(Axis::new().auto_margin(true).fixed_range(true))
            .annotations(vec![panel_title(1.01, &keys(&names))]),
    );
    figure
}
