// Which page an address is. A page is an element; one that has to stop something has `leave()`.

import { accountPage } from "./pages/account.js";
import { homePage } from "./pages/home.js";

const ROUTES = [
  [/^#\/people$/, homePage],
  [/^#\/account$/, accountPage],
];

/** The page of an address such as "#/people"; what is not there is the first page. */
export function pageAt(hash, app) {
  for (const [address, make] of ROUTES) {
    const found = address.exec(hash);
    if (found) return make(app, ...found.slice(1).map(decodeURIComponent));
  }
  history.replaceState(null, "", "#/people");
  return homePage(app);
}
