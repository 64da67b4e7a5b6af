/** Does something with each item, with so many more than one under way as `ahead` says, and gives what comes of it in their order. */
export async function* inTurn<T, U>(
  items: Iterable<T>,
  ahead: number,
  work: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const flights: Promise<U>[] = []
  for (const item of items) {
    const flight = work(item)
    // It is awaited when its turn comes.
    flight.catch(() => {})
    flights.push(flight)
    if (flights.length > ahead) yield await (flights.shift() as Promise<U>)
  }
  for (const flight of flights) yield await flight
}
