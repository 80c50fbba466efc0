"""What the words of the trade mean, in both languages, each with the law or standard it comes from.

`help("lot")` of `parts.html` shows one beside its word; `/glossary` lists them all. A term without a source is
Beiyu's own definition and the page says so; one whose source nobody could check is marked "unverified".
"""

from collections.abc import Mapping
from typing import NamedTuple


class Term(NamedTuple):
    """One word: its names, its meaning in one or two sentences, and where that is written."""

    zh: str
    en: str
    means_zh: str
    means_en: str
    source: str = ""
    """The law or standard by its Chinese name (a name is not translated); empty: Beiyu's own definition."""
    verified: bool = True


BEIJING = "DB11/T 2010-2022 救灾物资储备库管理规范（北京）"
NATIONAL = "GB/T 24439-2009 救灾物资储备库管理规范"
JIANGSU = "江苏省物资储备管理办法（省政府令第190号，2026-01-01起施行）"
MLPS = "GB/T 22239-2019 网络安全等级保护基本要求"
HENAN = "DB41/T 1601-2018"
SHANDONG = "DB37/T 4824-2025"

TERMS: Mapping[str, Term] = {
    # --- goods -------------------------------------------------------------------------------------------
    "item": Term(
        "物资",
        "Item",
        "目录里的一种物资，一个名称规格一个编号。同一物资可以有许多批次。",
        "One entry of the catalogue: one name and specification, one key. An item may have many lots.",
    ),
    "alert": Term(
        "预警",
        "Alert",
        "系统发现的一处问题，例如低于最低储备、临近到期。同一原因只有一条；原因消失后自动解除。程度分提示、警告、紧急。",
        "Something that Beiyu found wrong, such as goods below the minimum or near expiry. One cause has one alert; it "
        "closes by itself when the cause is gone. It is a notice, a warning or urgent.",
    ),
    "class": Term(
        "物资类别",
        "Class",
        "物资分类树上的一类。国家标准用七位数字；没有官方编码的类别用本地编号。",
        "A node of the tree of classes. The national standard uses seven digits; classes without an official code "
        "have a local key.",
        "GB/T 38565-2020 应急物资分类及编码",
    ),
    "lot": Term(
        "批次",
        "Lot",
        "同一物资中各方面都相同的一批货：厂家、厂家批号、生产日期、有效期、权属、资金来源、单价都一样。每批一个批次号，贴一种标签。",
        "Goods of one item that are alike in everything that matters: maker, maker's batch, dates, owner, fund and "
        "price. Each lot has its number and its label.",
        "中央救灾物资储备规章：每批标明品名、规格、产地、编号、数量、质量、生产日期、入库时间",
    ),
    "maker-batch": Term(
        "厂家批号",
        "Maker's batch",
        "生产厂家印在包装上的批号，照抄即可；它不是本系统的批次号。",
        "The batch number the maker printed on the pack; copy it as it stands. It is not the lot number of this "
        "system.",
    ),
    "serial": Term(
        "序列号",
        "Serial number",
        "单件管理的设备（如发电机、冲锋舟）每件一个号，逐件扫码出入库。",
        "Machines are told apart one by one, such as generators and boats: each has a number and is scanned by itself.",
    ),
    "pallet": Term(
        "托盘",
        "Pallet",
        "一个托盘上货物的清单，扫托盘码等于把上面的货都扫一遍。拆开取货后清单作废。",
        "A list of what stands on one pallet: scanning it scans everything on it. It is void once part has been taken.",
    ),
    "pack": Term(
        "包装",
        "Pack",
        "一箱、一包里有多少个基本单位。扫箱码时按整箱数量记账。",
        "How many base units a box or bundle holds. Scanning a box books the whole box.",
    ),
    "kit": Term(
        "套装",
        "Kit",
        "由几种物资配成的一套（如应急包）。有效期按其中最早到期的一件算。",
        "A set made of several items, such as an emergency bag. It expires when its earliest part does.",
    ),
    "owner": Term(
        "权属",
        "Owner",
        "货属于谁，与货放在哪里是两回事。保管单位只管收发保管，动用由权属单位决定。",
        "Whose goods they are, which is another matter than where they stand. The custodian keeps and moves them; only "
        "the owner orders them out.",
    ),
    "custody": Term(
        "代储",
        "Custody",
        "货属于一级政府或部门，存放在别的单位或企业的库里：照样扫码、照样盘点，数量算权属单位的。",
        "Goods owned by one region or office and kept in another's store or by an enterprise: scanned and counted all "
        "the same, and counted for the owner.",
        "三门县应急物资储备管理办法（2022）；常州市“十四五”应急体系规划",
    ),
    "fund-source": Term(
        "资金来源",
        "Paid from",
        "买这批货的钱从哪里来（财政、捐赠、上级下拨等）。不同来源的货分批记账。",
        "Which money paid for the goods: budget, donation, sent down from above. Goods of different funds are "
        "different lots.",
    ),
    # --- places ------------------------------------------------------------------------------------------
    "site": Term(
        "储备库（点）",
        "Store",
        "一处存放应急物资的库房或储备点，有自己的编号、管理单位和位置。",
        "A store or store point with a code, an operator and a place on the map.",
        JIANGSU,
    ),
    "bin": Term(
        "货位",
        "Bin",
        "库里一个能放货的位置，如“A-03-2”。每个货位贴码，先扫货位再扫货。",
        "One place in a store that holds goods, such as A-03-2. Every bin carries a code: scan the bin, then the "
        "goods.",
    ),
    "staging": Term(
        "收货区",
        "Receiving area",
        "刚收进来、还没有上架的货暂放的地方。上架以后才算放好。",
        "Where goods stand that have come in but are not yet put away.",
    ),
    "fill": Term(
        "占用率",
        "Fill",
        "货位里已经放了多满，按体积和重量算，取较高的一个；没有登记容量的不计算。",
        "How full a bin is by volume or by weight, whichever is higher; bins of unknown capacity are not measured.",
    ),
    "pick-list": Term(
        "拣货单",
        "Pick list",
        "要拣的货按行走顺序排好，先到期的先拿。边走边扫，缺的当场记下。",
        "What to take, in walking order, first expired first. Scan as you go; what is missing is noted on the spot.",
    ),
    # --- figures -----------------------------------------------------------------------------------------
    "on-hand": Term(
        "在库",
        "On hand",
        "账上现在有的数量，包括待检、冻结、损坏和过期的。",
        "What the books say is there now, including goods awaiting inspection, frozen, damaged or expired.",
    ),
    "reserved": Term(
        "占用",
        "Reserved",
        "已经答应给出去、还没有出库的数量，别人不能再动。",
        "Promised to somebody and not yet gone; nobody else may take it.",
    ),
    "usable": Term(
        "可用",
        "Usable",
        "状态完好、当天没有过期的数量。有效期当天还可用。",
        "In good condition and not expired today. The expiry day itself still counts as usable.",
    ),
    "free": Term(
        "可调",
        "Free",
        "可用减去占用，就是现在真能调出去的数量。",
        "Usable less reserved: what can really be sent now.",
    ),
    "minimum": Term(
        "最低储备",
        "Minimum",
        "一地或一库任何时候都应当保有的数量，低于它要补库。",
        "What a region or store must hold at all times; below it, stock is replenished.",
        JIANGSU,
    ),
    "proposal": Term(
        "补充建议",
        "Proposal",
        "低于订货点（没有订货点的按最低储备）的物资，补到目标储备；已在订、已拟订、在途和待归还的都先扣除。重复生成不会重复订购。",
        "What has fallen below the reorder point (without one, the minimum) is filled up to the target, less what is "
        "on order, drafted, in transit and lent out. Running it again never orders twice.",
    ),
    "proposal-why": Term(
        "数量依据",
        "Why so many",
        "应有数减去可用、在订、已拟订、在途和待还，得缺口，再按整包装向上取整；一个供应商或一种资金不够时分成几行。协议承诺不计。",
        "What there should be, less usable, on order, drafted, in transit and lent out, rounded up to whole packs; "
        "split where a supplier or a fund has no more. Promises do not count.",
    ),
    "order": Term(
        "订单",
        "Order",
        "采购申请经审批、下达后成为订单，并自动生成到货单；库点照常对到货单扫码收货，到货数量自动回到订单行。",
        "An application that was approved and issued. It announces its deliveries; the store receives against them by "
        "scanning, and what came flows back to its lines.",
    ),
    "budget": Term(
        "预算",
        "Budget",
        "一个区划、一个年度、一种资金来源可用的钱。订单批准时占用；超出余额须审批人写明理由。",
        "The money of one fund source for one region in one year. Approving an order takes it; above what is left an "
        "approver must say why.",
    ),
    "budget-planned": Term(
        "计划",
        "Planned",
        "草稿和待审批订单的金额，尚未占用预算。批准、下达、到货三项逐层包含。",
        "Drafts and orders that wait for approval; they take no money yet. Approved, ordered and received each contain "
        "the next.",
    ),
    "second-approval": Term(
        "两级审批",
        "Two approvals",
        "金额超过限额的订单先由一名审批人初审，再由另一名批准。限额是业务参数，默认值未核实。",
        "An order above the limit is endorsed by one approver and approved by another. The limit is a business "
        "parameter; its default is unverified.",
    ),
    "supplier-record": Term(
        "供应商履约记录",
        "Supplier's record",
        "按订单行统计：按期、逾期、短少、拒收，以及从下达到最后一次到货的天数中位数。",
        "Counted by order line: on time, late, short, turned away, and the median days from issue to the last receipt.",
    ),
    "norm": Term(
        "储备标准",
        "Stocking norm",
        "规定某地或某库应储多少的一条规则：对谁、什么物资、多少、按什么基数、什么季节、依据是什么。越具体的越优先。",
        "A rule for how much a place should hold: for whom, of what, how much, on what basis, in which season, from "
        "where. The more specific one decides.",
    ),
    "reorder-point": Term(
        "补库点",
        "Reorder point",
        "降到这个数就该补库，这样在补货期内不会跌破最低储备。",
        "At this quantity it is time to replenish, so that the minimum is not broken while the goods are on the way.",
    ),
    "basis": Term(
        "基数",
        "Basis",
        "标准按什么计算：固定数量、每万常住人口、每千米堤防、每个避灾床位等。基数不明的不计算，显示“不明”，不当作零。",
        "What a norm is measured against: a fixed quantity, per 10,000 residents, per kilometre of dike, per shelter "
        "place. Where the basis is not known there is no figure: it shows as unknown, never as zero.",
    ),
    "people-days": Term(
        "人·天",
        "People-days",
        "可用物资按人均消耗标准够多少人用一天：1200 人·天，够 1200 人一天或 400 人三天。"
        "一次性发放的（帐篷、被褥）只算够多少人。"
        "没有消耗标准或需转移人口不明的，标“不明”，不按零计。",
        "For how many people what is usable lasts one day by the consumption norms: 1,200 people-days are 1,200 people "
        "for a day or 400 for three. Goods handed out once (tents, quilts) count people only. Without a consumption "
        "norm, or without knowing how many must be moved, it is not known; never zero.",
    ),
    "provision-rate": Term(
        "配备率",
        "Provision rate",
        "各项（可用数量，最多算到标准）之和 ÷ 标准之和。多出的一项不能补缺的一项，所以旁边另列不封顶的数。",
        "Sum of what is usable, each item counted up to its norm, divided by the sum of the norms. Plenty of one item "
        "does not make good the lack of another; the uncapped figure stands beside it.",
        "地方预算绩效指标“防汛物资配备率”；算法为本系统约定",
    ),
    "response-level": Term(
        "响应级别",
        "Response level",
        "Ⅰ级最重，Ⅳ级最轻。级别决定能否口头下令、补手续的时限、保底比例、提醒快慢，均可在业务参数中按区划设置。",
        "I is the gravest, IV the lightest. The level decides whether orders may be spoken, when their papers are due, "
        "what stays protected and how fast reminders rise; each is a parameter of the region.",
        "国家自然灾害救助应急预案（国办函〔2024〕11号）",
    ),
    "stale-need": Term(
        "过时需求",
        "Stale need",
        "太久没有人确认的需求：移出调度队列，仍可一键续报。",
        "A need that nobody has confirmed for too long: it is out of the queue and comes back with one tap.",
    ),
    "board": Term(
        "调度看板",
        "Board",
        "需求、已落实货源、拣货、在途、到达一屏看完，自动更新；每个数字与其清单一致，迟到、过时等都用文字标明。",
        "Needs, what is sourced, picked, on the road and there in one look, updated by itself. Each figure is that of "
        "the list behind it; what is late or stale says so in words.",
    ),
    "own-stock-first": Term(
        "先用本级",
        "Own stock first",
        "向上申请前先用本级储备；没有用的要说明原因。",
        "Who asks the tier above has used its own stock first, or says why not.",
        "邹城市、白城市应急物资调拨程序",
    ),
    "shipment": Term(
        "运单",
        "Shipment",
        "一辆车一趟运的物资。装车后物资记在运单这个“位置”上，签收前不会消失，也不能多收。",
        "One vehicle's load on one trip. Once loaded the goods stand in the shipment's own place in the books: they do "
        "not vanish on the way, and nobody can receive more than was shipped.",
    ),
    "vehicle": Term(
        "应急运力",
        "Emergency vehicles",
        "登记在册、应急时可调派的车辆：归哪个区划支配、停放在哪个库点、能装多少。运单使用中的车辆不会再被推荐；号牌规则凭记忆，未经核实。",
        "Registered vehicles that can be sent in an emergency: at whose disposal, where they stand, what they carry. "
        "One that a shipment has is not offered again. The pattern of plates is from memory, unverified.",
    ),
    "box": Term(
        "箱、托盘",
        "Boxes and pallets",
        "一张运单里装在一起的物资。封箱贴标签，扫标签即整箱装车、卸车、签收；箱内损坏或短少的逐行签收。"
        "填了 GS1 厂商识别代码，标签用 SSCC。",
        "Goods of a shipment that are packed together. A closed box has a label: scanning it loads, unloads or "
        "receives everything in it; what is damaged or missing is received line by line. With a GS1 company prefix in "
        "the settings the label carries an SSCC.",
        "GS1 General Specifications (SSCC)",
    ),
    "receiving-point": Term(
        "接收点",
        "Receiving point",
        "事件中接收和发放物资的地点。物资到达后记在接收点，发放记入使用，可回收的用后归还或核销。",
        "Where goods of an incident are received and handed out. Handed out means used; returnables stay until they "
        "come back or are written off.",
    ),
    "recovery": Term(
        "回收补充",
        "Recovery ledger",
        "事件动用了谁的储备，谁来补、何时补足。只有实物补回（有到货单或运单为证）才能销账。期限为本系统参数，未见标准依据。",
        "Whose stock an incident used, who makes it good and until when. A duty closes only when goods have come back, "
        "proved by a delivery or shipment. The days are a parameter of Beiyu without a source.",
    ),
    "requisition": Term(
        "调用申请",
        "Requisition",
        "因事件向上申请物资的单据：提交、批准、安排货源、下达动用指令，直到收到并办结。",
        "Asks for goods in an incident: submitted, approved, sourced, released by their owners, received, closed.",
        "邹城市应急物资调拨程序（2020）",
    ),
    "sourcing-plan": Term(
        "货源方案",
        "Sourcing plan",
        "系统按紧急程度、先本级后上级、保底、时限、先到期先出、少趟次的次序，算出每行物资从哪里调、哪一批、多少。",
        "Works out for each line from where, which lot and how much: by priority, nearer tiers first, never below what "
        "is protected, in time, what expires first, in few shipments.",
    ),
    "paper-owed": Term(
        "待补手续",
        "Paper owed",
        "口头下达的指令须在规定小时数内补上书面指令的扫描件，并由他人核对。",
        "A spoken order needs the scan of the written one within the level's hours, checked by somebody else.",
        "邹城市应急物资调拨程序（2020）：48 小时内补办手续",
    ),
    "commitment": Term(
        "协议储备",
        "Commitment",
        "别人答应供应的物资：协议储备（企业存着）、产能储备（能生产）、社会号料（群众和单位登记可用）。不是库存，按“把握”打折后计入保障能力。",
        "Goods that others promise: held by a firm under an agreement, to be produced, or offered by people and units. "
        "Not stock; counted with its confidence.",
    ),
    "confidence": Term(
        "把握",
        "Confidence",
        "相信能来多少，百分数。由合同或规划员给出的数与近三年演练、实际调用的结果平均得出：给出的数抵两次，按时到的算足，迟到的算一半。权重是本系统约定，没有标准依据。",
        "How much of it is believed to come, in percent: the mean of the stated figure, which weighs as two, and the "
        "drills and closed call-offs of the last three years. In time counts whole, late counts half. The weights are "
        "Beiyu's own.",
    ),
    "response-hours": Term(
        "响应时间",
        "Response time",
        "从下达启动令到物资交到手的小时数。",
        "Hours from the activation order until the goods are handed over.",
    ),
    "activation-order": Term(
        "启动令",
        "Activation order",
        "批准调用协议物资的命令，由提出人以外的人下达。紧急时可先口头下达，48小时内补文号。",
        "The order that lets goods of a commitment come, given by somebody else than who asked. In an emergency it may "
        "be spoken first; its number follows within 48 hours.",
    ),
    "scenario": Term(
        "情景",
        "Scenario",
        "假定一场灾害：什么灾、哪些地方、多少人受灾和转移、几天。按消耗标准算出要多少物资，减去现有的，给出缺口和最省的补法。",
        "An emergency that is assumed: what, where, how many people are affected and moved, how many days. Consumption "
        "norms say what it needs; less what there is, that is the gap, with the cheapest way to close it.",
    ),
    "consumption-norm": Term(
        "消耗标准",
        "Consumption norm",
        "每多少人用多少：一次性的（如每6人一顶帐篷）或每天的（如每人每天3升水）。按受灾人数或转移人数计。",
        "So much for so many people: once (a tent for six) or each day (three litres of water). Counted for everybody "
        "affected or for those who are moved.",
    ),
    "within-reach": Term(
        "时限内可调入",
        "Within reach",
        "区外库点在时限内能运到、且高于其最低储备的部分（含时限内先到该库的在途、在订物资）。时间＝装车时间＋直线距离×绕行系数÷车速。",
        "What sites outside the area have above their minimum and can bring in time, with what reaches them before: "
        "loading, and the straight line times the detour at the stated speed.",
    ),
    "planned-moves": Term(
        "计划执行后",
        "After the planned moves",
        "可用，加已订购或已通知的到货、库点之间在途或待发的物资、已批准轮换的补入，减已占用待出库的和轮换出库的。承诺（协议）和借出未还不算。",
        "What is usable, with what is on order or announced, what is between stores, and what decided rotation "
        "brings in; without what is held and will leave and what rotation takes out. Promises and loans out do not "
        "count.",
    ),
    "scenario-gap": Term(
        "情景缺口",
        "Gap of a scenario",
        "需求减去区内可用、时限内运抵区内、时限内可调入的数量。可用＝完好、当日未过期、未占用。",
        "The need less what is usable in the area, what arrives there in time, and what is within reach. Usable: good, "
        "not expired on that day, not reserved.",
    ),
    "scenario-arriving": Term(
        "时限内运抵",
        "Arriving in time",
        "已在途或已订购、时限内到达受灾区内库点的数量。按日期到货的算到当日结束；逾期或没有日期的不算在时限内。",
        "In transit or on order, and in a store of the area in time. What is due on a day is there when that day ends; "
        "what is overdue or has no day is not counted on in time.",
    ),
    "as-of": Term(
        "某日库存",
        "As of a day",
        "那一天结束时的库存。两个时间都要看：事情发生的时间和记账的时间，后来补记的可以算进去，也可以不算。",
        "Stock at the end of a day. Two times count: when it happened and when it came on the books; what was booked "
        "later may be included or not.",
    ),
    # --- condition and time ------------------------------------------------------------------------------
    "condition": Term(
        "状态",
        "Condition",
        "完好、待检、冻结、损坏四种。只有完好且未过期的才可用。过期由日期算出，不用人改。",
        "Good, awaiting inspection, frozen or damaged. Only good goods that are in date are usable. Expired follows "
        "from the date; nobody sets it.",
    ),
    "awaiting": Term(
        "待检",
        "Awaiting inspection",
        "收进来还没有验收或正在送检，验收合格前不能发放。",
        "Received but not yet inspected, or out for a test; not to be issued before it passes.",
        NATIONAL,
    ),
    "frozen": Term(
        "冻结",
        "Frozen",
        "有疑问先停用的货，查清以前不能出库，也不算可用。",
        "Goods held back while a question is open: they may not leave and do not count as usable.",
    ),
    "expiry": Term(
        "有效期",
        "Expires on",
        "到这一天为止还能用，当天仍可用。包装上没有的，按储存年限推算并注明。",
        "Usable up to and including this day. Where the pack names none, it follows from the storage life and says so.",
    ),
    "storage-life": Term(
        "储存年限",
        "Storage life",
        "一种物资从生产起能存放多久。没有官方依据的数标“未核实”，可以按本地规定修改。",
        'How long an item may be kept from production. Figures without an official source are marked "unverified" and '
        "can be changed.",
    ),
    "fefo": Term(
        "先到期先出",
        "First to expire, first out",
        "出库先拿最早到期的；到期日相同或没有有效期的，先拿最早入库的（先进先出）。要拿别的，须写明原因。",
        "What expires first leaves first; with the same or no expiry, what came in first does. Whoever takes another "
        "lot says why.",
    ),
    "rotation": Term(
        "轮换",
        "Rotation",
        "到期之前把旧的用掉或处置掉，同时补进新的，存量始终不低于最低储备。",
        "Take the old out before it expires and bring the new in, never falling below the minimum.",
        JIANGSU,
    ),
    "rotation-cost": Term(
        "轮换费用",
        "Cost of a rotation",
        "要保持和原来同等的储备，还须支出多少钱：重新采购、换新费、检验费、处置费，减去收回的钱。比例是参数，均未核实；没有价格的不计。",
        "What must be spent to be as well stocked as before: buying anew, the fee of a swap, a test or a disposal, "
        "less what is got back. The shares are parameters and unverified; without a price nothing is counted.",
        "unverified",
    ),
    "rotation-loss": Term(
        "损失",
        "Loss",
        "没有用上就失去的货值：报废、变卖折价、检验耗用。用于演练或调拨消耗的不算损失。",
        "Value that ends unused: scrapped, sold below its price, used up by a test. What a drill or another unit uses "
        "is no loss.",
        "unverified",
    ),
    "rotation-gap": Term(
        "架空期",
        "Gap window",
        "旧的已出、新的未到，存量低于最低储备的一段时间，须由审批人说明理由批准。默认最多4个月，联合批准再延2个月，取自储备粮规定，用于应急物资未核实。",
        "The time between old out and new in while stock lies below its minimum; an approver grants it with a reason. "
        "By default at most 4 months, 2 more jointly: a rule for reserve grain, unverified for other goods.",
        "安顺市市级储备粮规定 第22条",
    ),
    "rotation-risk": Term(
        "浪费预测",
        "Waste ahead",
        "按过去一年的用量，先到期先用，到期那天还会剩下多少。",
        "How much will still be there on its last day at the use of the last year, first expired first out.",
        "unverified",
    ),
    "care": Term(
        "养护",
        "Care",
        "按期倒垛、检测、试机、晾晒、充电，做完记结果。",
        "Restacking, testing, trial runs, sunning and charging at their time, with the result written down.",
        BEIJING,
    ),
    "restack": Term(
        "倒垛",
        "Restack",
        "把堆放的货翻一遍、换个位置，防压防潮。存放超过一年的要倒垛。",
        "Turn a stack over so that nothing is crushed or damp. Goods stored over one year are restacked.",
        BEIJING,
    ),
    "quality-test": Term(
        "质量检测",
        "Quality test",
        "按类别、批次、厂家随机抽样检测。存放满三年的要检测，不合格的走报废程序。",
        "A random sample by class, batch and maker is tested. Due for goods stored three years or more; what fails is "
        "scrapped.",
        BEIJING,
    ),
    "disposal": Term(
        "报废",
        "Disposal",
        "不能再用的货销账。须由权属单位批准，保管员不能自己决定。",
        "Writing off what cannot be used any more. The owner approves it, not the keeper.",
        "中央救灾物资储备规章",
    ),
    # --- papers ------------------------------------------------------------------------------------------
    "delivery": Term(
        "到货单",
        "Delivery",
        "预告要到的货：谁送、送什么、多少。按单扫码收货，短少、多出、损坏、错货都记下来。",
        "What is announced to arrive: from whom, what, how much. Goods are scanned in against it; short, over, damaged "
        "and wrong are noted.",
        NATIONAL,
    ),
    "receipt-slip": Term(
        "入库单",
        "Receipt slip",
        "货收进来的凭证，编号连续，作废也保留编号。",
        "The paper that goods came in on; numbers run without a gap and a void paper keeps its number.",
        f"{HENAN} 附录A",
    ),
    "issue-slip": Term(
        "出库单",
        "Issue slip",
        "货发出去的凭证，写明品种、数量、批次号、去向。没有正式手续的白条不能出库。",
        "The paper that goods left on: kind, quantity, lot and destination. An informal note is no paper.",
        f"{BEIJING} 附录B；{HENAN} 附录B",
    ),
    "shelf-card": Term(
        "货位卡",
        "Shelf card",
        "挂在货位上的卡片：品名、规格、编号、数量、生产日期、厂家、入库时间，放在一眼能看到的地方。",
        "The card at the bin: name, specification, number, quantity, production date, maker, in-store date, where it "
        "is easily seen.",
        BEIJING,
    ),
    "ledger": Term(
        "台账",
        "Ledger",
        "每一次出入库的流水账，只增不改。记错了用一笔相反的账冲回，原来那笔留着。",
        "The running book of every move, only ever added to. A mistake is undone by an opposite entry; the first "
        "stays.",
        BEIJING,
    ),
    "reversal": Term(
        "撤销",
        "Undo",
        "用一笔相反的账冲回记错的一笔，两笔都留在台账里。",
        "An opposite entry takes a wrong one back; both stay in the ledger.",
    ),
    "case": Term(
        "差异",
        "Difference",
        "账与货不一致时自动开的一件事：要有人查明原因、写明结果才能了结。",
        "Opened by itself when books and goods disagree; somebody finds out why and writes down how it ended.",
    ),
    "release-order": Term(
        "动用指令",
        "Release order",
        "同意货物出库的命令，由应急管理部门下达。紧急时可以先口头，手续在规定时间内（默认48小时）补齐。",
        "The order that lets goods leave, given by the emergency office. In an emergency it may be spoken first; the "
        "paper follows within the set time (48 hours by default).",
        "江苏省省级通用应急物资储备管理办法；邹城市应急物资调拨程序（2020）",
    ),
    # --- counting ----------------------------------------------------------------------------------------
    "count": Term(
        "盘点",
        "Count",
        "把货位上的货实数一遍，与账核对。官方规定只说“定期”，按月或按季是各地做法，可以设置。",
        'Counting what really stands in the bins against the books. Official texts only say "at set intervals"; '
        "monthly or quarterly is local habit and can be set.",
        f"{SHANDONG} 附录D 盘点表",
    ),
    "count-interval": Term(
        "盘点周期",
        "Count interval",
        "多久盘一次。每月一次、每季一次的说法出处不硬，请按本地规定设置。",
        "How often stock is counted. Monthly and quarterly are found in weak sources only: set what your rules say.",
        "一般应急库管理制度（月盘、季盘）",
        verified=False,
    ),
    "blind-count": Term(
        "盲盘",
        "Blind count",
        "盘点时不显示账面数，数多少记多少，免得照着账抄。",
        "The figure of the books is not shown while counting, so that nobody copies it.",
    ),
    "recount": Term(
        "复盘",
        "Recount",
        "差异超过限度时换一个人再数一遍。",
        "Another person counts again where the difference is beyond the limit.",
    ),
    "variance": Term(
        "盘盈盘亏",
        "Variance",
        "实数比账多是盘盈，少是盘亏。说明原因，超过限度的由保管单位以外的人批准。",
        "More than the books is a surplus, less is a loss. It needs a reason; above the limit somebody outside the "
        "keeper's unit approves it.",
    ),
    "opening-count": Term(
        "期初盘点",
        "Opening count",
        "一个库上线前把现有的货全部数清入账。没有做完的库还没有启用，不进任何报表。",
        "Before a store goes live all it holds is counted onto the books. Until then it counts in no report.",
    ),
    # --- import ------------------------------------------------------------------------------------------
    "dry-run": Term(
        "试读",
        "Dry run",
        "先把表格读一遍，每行给出结论：通过、要问、退回、跳过。确认之前什么也不入账。",
        "The table is read first and every row gets a verdict: ok, ask, reject or skip. Nothing is booked before you "
        "confirm.",
    ),
    "unverified": Term(
        "未核实",
        "Unverified",
        "这个数没有找到可靠出处，只是可以修改的默认值，使用前请按本地规定核对。",
        "No reliable source was found: it is a default that can be changed. Check it against your own rules before "
        "use.",
    ),
    # --- administration ----------------------------------------------------------------------------------
    "three-administrators": Term(
        "三员",
        "Three administrators",
        "系统管理员管人员和设置，安全管理员管授权，审计管理员查记录。三人互不兼任，也不兼业务岗位。",
        "The system administrator keeps people and settings, the security administrator gives rights, the audit "
        "administrator reads the trail. Nobody is two of them, and none holds a business role.",
        f"{MLPS} 8.1.5",
    ),
    "grant": Term(
        "授权",
        "Grant",
        "一个人在一片区域或一个库里能做什么。没有授权的，一概不能做。",
        "What a person may do in one area or store. What is not granted is not allowed.",
        f"{MLPS} 8.1.4",
    ),
    "scope": Term(
        "管辖范围",
        "Area",
        "一个人能看到、能管到的区域，包括下级的镇、街道和库。",
        "The region a person sees and works in, with its towns and stores.",
    ),
    "session": Term(
        "登录会话",
        "Session",
        "一次登录到退出。长时间不用会自动退出，安全管理员可以强制下线。",
        "From log-in to log-out. It ends by itself when idle, and the security administrator can end it.",
        f"{MLPS} 8.1.4",
    ),
    "token": Term(
        "令牌",
        "Token",
        "给设备或程序用的钥匙，有期限，可随时收回。发出时只显示一次。",
        "A key for a device or a program: it has an end, can be taken back at any time, and is shown once.",
    ),
    "totp": Term(
        "动态口令",
        "One-time code",
        "手机上每30秒变一次的六位数，和密码一起用，密码被人知道也进不来。",
        "Six digits on the phone that change every 30 seconds, used with the password: the password alone lets "
        "nobody in.",
        f"{MLPS} 8.1.4",
    ),
    "audit-chain": Term(
        "审计链",
        "Audit chain",
        "每条审计记录都带着前一条的校验值，删、改、插、换序都会被查出来，并指出在哪一条。",
        "Every audit row carries a check value of the one before it: removing, changing, inserting or reordering is "
        "found, and where.",
        f"{MLPS} 8.1.4；网络安全法第二十三条第三项（日志留存不少于六个月）",
    ),
    "anchor": Term(
        "审计锚",
        "Anchor",
        "审计链到某一时刻为止的校验值，打印或报上级留存，以后拿来核对。",
        "The check value of the audit chain at one moment, printed or sent to the tier above, to check against later.",
    ),
    "parameter": Term(
        "参数",
        "Setting",
        "可以按区域设置的业务数值，每项都有默认值、单位和出处。下级没有设的，用上级的。",
        "A business figure that can be set for each area, with default, unit and source. Where a lower tier sets none, "
        "that of the tier above holds.",
    ),
}
