/** What the package offers. The page that it was made for stands beside it in ../src. */
export { listen, type ListenOptions, type ModelSource, type SoundSource } from "./listen.ts";
export { BeliefEvent, EndEvent, FailEvent, Listening, type Answer, type ListeningEvents, type Moment } from "./listening/listening.ts";
export type { CurveFile } from "./listening/curve-files.ts";
export type { State, WholeState } from "./curve/reading.ts";
