/** A page that measures its browser's engine; bundled and served by verify.ts. */

import { type EngineRates, measureRates } from './verify-rate.ts'

declare global {
  interface Window {
    measureRates(batches: number): Promise<EngineRates>
  }
}

window.measureRates = measureRates
