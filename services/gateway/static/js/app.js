// Every page works without this file. Each module looks for its own marks and leaves alone what it does not know.
import { followProgress } from "./progress.js";
import { keepDrafts } from "./drafts.js";
import { filterLists } from "./filter.js";
import { openDialogs } from "./dialog.js";
import { sendOnce } from "./once.js";
import { saySecurity } from "./secure.js";

followProgress(document);
keepDrafts(document);
filterLists(document);
openDialogs(document);
sendOnce(document);
saySecurity(document);
