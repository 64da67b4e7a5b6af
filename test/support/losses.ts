/**
 * Which packets a road loses: the same ones in each run, by their order.
 *
 * @param share of all of them, 0 to 1
 * @param burst how many are lost one after the other, on average (Gilbert's model); as many as chance makes, unless it is said
 * @param seed another road, which loses others
 * @returns whether the next one is lost
 */
export function losses(share: number, burst = 1 / (1 - share), seed = 1): () => boolean {
  let state = Math.imul(seed, 2_654_435_761) >>> 0
  let isLosing = false
  /** Numerical Recipes' linear congruential generator. 0 to 1. */
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const [begin, end] = [share / burst / (1 - share), 1 / burst]
  return () => {
    isLosing = isLosing ? next() >= end : next() < begin
    return isLosing
  }
}
