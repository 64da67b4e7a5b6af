/** A straight line through what was measured. */
export interface Line {
  readonly base: number
  readonly slope: number
}

/** By least squares. Throws where all x are the same: there is no line then. */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [x0, y0] = [mean(([x]) => x), mean(([, y]) => y)]
  const spread = mean(([x]) => (x - x0) ** 2)
  if (!(spread > 0)) throw new RangeError('no line goes through one place')
  const slope = mean(([x, y]) => (x - x0) * (y - y0)) / spread
  return { base: y0 - slope * x0, slope }
}
