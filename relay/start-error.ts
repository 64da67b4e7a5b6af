/** The relay cannot start, for a reason that whoever runs it can do something about: `message` is one sentence for them. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
