// Which page an address is. A page is an element; one that has to stop something has `leave()`.

import { accountPage } from "./pages/account.js";
import { groupPage, groupsPage, newGroupPage } from "./pages/admin/groups.js";
import { linksPage } from "./pages/admin/links.js";
import { newUnitPage, pairPage } from "./pages/admin/pairing.js";
import { peoplePage } from "./pages/admin/people.js";
import { newPersonPage, personPage } from "./pages/admin/person.js";
import { homePage } from "./pages/home.js";
import { everyonesLogPage, logPage } from "./pages/log.js";

const PAGES = {
  people: homePage,
  log: logPage,
  account: accountPage,
};
const FOR_ADMINS = {
  admin: peoplePage,
  "admin/new-person": newPersonPage,
  "admin/new-unit": newUnitPage,
  "admin/person": personPage,
  "admin/pair": pairPage,
  "admin/groups": groupsPage,
  "admin/new-group": newGroupPage,
  "admin/group": groupPage,
  "admin/links": linksPage,
  "admin/log": everyonesLogPage,
};
/** "#/admin/person/ana": the page, and whom it is about. */
const ADDRESS = /^#\/([a-z]+(?:\/[a-z-]+)?)(?:\/(.+))?$/;

/** The page of an address; what is not there, or not for this person, is the first page. */
export function pageAt(hash, app) {
  const [, name, about] = ADDRESS.exec(hash) ?? [];
  const pages = app.role === "admin" ? { ...PAGES, ...FOR_ADMINS } : PAGES;
  if (Object.hasOwn(pages, name ?? "")) return pages[name](app, about && decodeURIComponent(about));
  history.replaceState(null, "", "#/people");
  return homePage(app);
}
