/** From here on what a piece costs beside its bytes does not matter. */
const smallBytes = 4096;

/**
 * Adds `piece` behind `pieces`. Each piece costs some hundred bytes beside its own, so small ones are put together as they
 * come: a body sent byte by byte would take hundreds of times its size. A byte is copied a dozen times at most.
 */
export function addPiece(pieces: Uint8Array[], piece: Uint8Array): void {
  let last = piece;
  for (let before = pieces.at(-1); before !== undefined; before = pieces.at(-1)) {
    // Only what is no larger, or every byte that comes would copy all before it again.
    if (last.byteLength >= smallBytes || before.byteLength >= smallBytes || before.byteLength > last.byteLength) break;
    pieces.pop();
    last = Buffer.concat([before, last]);
  }
  pieces.push(last);
}
