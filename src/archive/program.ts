/** The program of the archive. It handles one request at a time in bounded memory. It cannot be interrupted. */
import { serveProgram } from '../processes/serve-program.ts';
import { type ArchiveProtocol, answerArchiveRequest, answerUpkeepRequest } from './archive-requests.ts';
import { piecesOf } from './utf8-pieces.ts';

serveProgram<ArchiveProtocol>(async (root) => ({
  opened: { pragmas: {} },
  calls: {
    async answer(request, call) {
      const answer = await answerArchiveRequest(root, request);
      // A job of a thousand nodes has 47 MB. As a single message it would be in memory three times.
      if (request.kind === 'jobData') {
        const [text] = answer.texts.splice(0);
        for (const piece of piecesOf(text ?? '')) await call.step(piece);
      }
      if (request.kind === 'scopedMetrics' && !answer.texts.includes(null)) {
        for (const text of answer.texts.splice(0)) await call.step(new TextEncoder().encode(text ?? ''));
      }
      return answer;
    },
    upkeep: (request) => answerUpkeepRequest(root, request),
  },
  needsReplacement: (failed) => failed,
}));
