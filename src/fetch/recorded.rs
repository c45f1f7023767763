//! What the record and the tap are told of a run.

use crate::fetch::Ended;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::Shared;
use crate::options::InfInterpretation;
use crate::options::NanInterpretation;
use crate::record::Context;
use crate::record::Notice;
use crate::record::Recorded;
use crate::record::stages::ReductionStage;
use crate::series::Apart;
use crate::translate::plan::Read;

impl Shared<'_> {
    /// Label sets that are kept as long as somebody wants to see them.
    pub(super) fn apart(&self) -> Apart {
        if self.cx.is_recorded() {
            Apart::keeping()
        } else {
            Apart::default()
        }
    }
}

impl Run<'_> {
    /// Writes down how the run ended.
    pub(super) fn record(&self, ended: Result<Ended, &FetchError>) {
        let cx = self.shared.cx;
        cx.note(|recorded| self.notices(cx, ended, recorded));
        cx.record(|recorded| {
            let series = match ended {
                Err(
                    FetchError::SeveralSeries(series) | FetchError::TooManySamples { series, .. },
                ) => series,
                _ => &self.seen.series,
            };
            recorded.sets = series.sets().iter().map(|set| set.0.clone()).collect();
            recorded.stages.reduction = Some(self.reduction(ended, series.count()));
        });
    }

    fn is_cut(&self) -> bool {
        self.writer.points() > self.shared.plan.limit
    }

    fn notices(&self, cx: &Context, ended: Result<Ended, &FetchError>, recorded: &mut Recorded) {
        let dropped = self.writer.dropped();
        let nan = dropped.nan_replaced + dropped.nan_dropped;
        let infinite = dropped.infinity_replaced + dropped.infinity_dropped;
        let is_legacy = matches!(self.shared.plan.read, Read::Legacy(_));
        recorded.series = self.seen.series.count();
        recorded.points = self.writer.points().min(self.shared.plan.limit);
        if nan > 0 {
            recorded.notice(Notice::Nan(nan));
        }
        if infinite > 0 {
            recorded.notice(Notice::Infinite(infinite));
        }
        if self.writer.has_reset() {
            recorded.notice(Notice::CounterReset);
        }
        if self.seen.pooled > 1 && ended.is_ok() {
            // What tells them apart is worth its work only to who looks on.
            let labels = match cx.is_recorded() {
                true => self.seen.series.telling_labels(),
                false => Vec::new(),
            };
            recorded.notice(Notice::Combined(self.seen.pooled, labels));
        }
        match ended {
            Ok(_) if self.is_cut() && !is_legacy => recorded.notice(Notice::CutByLimit),
            Ok(Ended::Early) if self.writer.points() >= self.shared.plan.limit => {
                recorded.notice(Notice::CutByLimit);
            }
            Ok(Ended::Early) => recorded.notice(Notice::CutByDeadline),
            Ok(Ended::Whole) | Err(_) => {}
        }
    }

    fn reduction(&self, ended: Result<Ended, &FetchError>, series_in: usize) -> ReductionStage {
        let plan = self.shared.plan;
        let dropped = self.writer.dropped();
        let nan = dropped.nan_replaced + dropped.nan_dropped;
        let infinite = dropped.infinity_replaced + dropped.infinity_dropped;
        ReductionStage {
            series_in,
            series_out: usize::from(ended.is_ok() && self.writer.points() > 0),
            samples: self.seen.samples,
            nan,
            nan_became: (nan > 0).then_some(match plan.nan {
                NanInterpretation::Zero => "zero",
                NanInterpretation::None => "dropped",
            }),
            nan_at: self.writer.nan_at().iter().map(|at| at.get()).collect(),
            infinite,
            infinite_became: (infinite > 0).then_some(match plan.inf {
                InfInterpretation::Max => "max",
                InfInterpretation::None => "dropped",
            }),
            zero_filled: dropped.zero_filled,
            combined: self.seen.pooled.max(1),
            cut_by_limit: self.is_cut(),
        }
    }
}
