// The entry of every page.
import "./main.css";
import "htmx.org";
import "./forms.js";
import "./shell.js";
import "./idle.js";
import "./choices.js";
import "./anchors.js";
import "./imports.js";
import "./layouts.js";
import "./views.js";
import "./norms.js";
import "./norm-file.js";
import "./scenarios.js";
import "./alerts.js";
import "./switches.js";
import "./tasks.js";
import "./wall.js";
