import type { Rival } from './rival.ts';
import { groupOf } from './rival.ts';

/** The largest demand seen in training, for ever. */
export const staticPeak: Rival = {
  name: 'static peak',
  about: 'a fixed group as large as the training part ever needed',
  candidates: (trainingSteps) => {
    let peak = 0;
    let seen = 0;
    return [
      {
        settings: '',
        policy: (observed) => {
          for (; seen < Math.min(observed.length, trainingSteps); seen++)
            peak = Math.max(peak, observed[seen]!);
          return groupOf(Math.ceil(peak));
        },
      },
    ];
  },
};
