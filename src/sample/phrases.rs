//! Sentences that fit any subject: openings, circumstances, demands, closings, and the frame of an answer.

use super::message::Kind;

pub(super) const OPENINGS: &[&str] = &[
    "您好，",
    "尊敬的领导，您好！",
    "局领导好！",
    "你好，想反映一个情况。",
    "我是{town}{village}{group}村民。",
    "我家住{estate}{block}。",
    "我是{district}居民，长期在外务工。",
    "我们是{estate}的业主。",
    "本人系{town}{village}人，已退休多年。",
    "有一件事困扰我们很久了。",
];

pub(super) const CIRCUMSTANCES: &[&str] = &[
    "我们先后跑了{count}趟，每次得到的答复都不一样。",
    "给{town}打过{count}次电话，都说要等上级通知。",
    "村里{households}户人家都在等这件事的结果。",
    "家中老人年过八十，经不起这样反复折腾。",
    "{day}我又去问了一次，值班人员让我留下号码回家等。",
    "听邻居{person}说，{village}那边同样的情况早就办好了。",
    "相关材料和照片我都保留着，可以随时提供。",
    "微信群里为这事吵得不可开交，大家情绪很大。",
    "从{year}年开始就有人反映，到现在没有一个明确说法。",
    "我在网上查了很多规定，还是没有弄明白。",
    "孩子马上要上学，报名需要这方面的证明。",
    "地点在{road}{number}号附近，离{estate}不到{metres}米。",
    "没有人能说清到底由哪个单位负责。",
    "{day}有{count}名工作人员来看过现场，拍了照就走了。",
    "家里人为这件事好几个晚上没有睡好。",
    "前后花费了{money}万元，全是借来的钱。",
    "当时经手的{person}说会记下来，之后就没有消息。",
    "我们愿意配合工作，只希望有人给个准话。",
    "村委会盖了章，镇里又说格式不对要重填。",
    "这件事关系到{households}户群众的切身利益。",
    "上个月拨打热线反映过，工单显示已办结，其实什么都没有解决。",
    "也向{district}的信箱写过信，只收到一句“已收悉”。",
    "我不懂政策，只想知道下一步该怎么走。",
    "同样的政策，{district}和别的区执行得不一样。",
    "原来的经办人调走了，新来的同志不了解情况。",
    "我们问过律师，律师建议先向主管部门反映。",
    "为了这件事我专门从外地请假回来，车票都花了不少。",
    "希望不要再把信转回{town}，他们已经答复过办不了。",
    "查询系统一直停留在同一个环节，没有任何提示。",
    "村里的{person}了解前后经过，可以作证。",
    "一晃又过了一个季度，大家都很着急。",
    "去年冬天开过一次协调会，会议纪要没有发给我们。",
];

pub(super) const CLOSINGS: &[&str] = &[
    "盼复！",
    "谢谢！",
    "恳请尽快处理，谢谢。",
    "期待您的回复。",
    "望予以重视。",
    "请不要公开我的姓名。",
    "此致敬礼！",
    "感谢政府为民办实事。",
];

pub(super) const CONTACTS: &[&str] =
    &["我的电话是{phone}。", "联系电话：{phone}，联系人{person}。", "方便的话请打{phone}。", "可以加微信{phone}联系。"];

/// What is said in praise, whatever the subject.
pub(super) const PRAISES: &[&str] = &[
    "{day}我到大厅办事，{person}从头到尾耐心讲解，没有一点不耐烦。",
    "本来以为要跑好几趟，结果一次就办好了。",
    "{town}的工作人员冒着大雨到{village}现场核对，鞋子都湿透了。",
    "老人行动不便，工作人员主动上门，让我们全家都很感动。",
    "打电话咨询时，接线的同志把材料一条一条念给我听。",
    "拖了多年的事情，这次不到{count}周就有了结果。",
    "现场答疑会上，领导当场拍板，{households}户人家都松了一口气。",
];

/// What is found when somebody is praised.
pub(super) const PRAISE_FINDINGS: &[&str] = &[
    "感谢您的肯定，我们已将您的表扬转达给相关同志，并将继续改进服务。",
    "您的鼓励是我们前进的动力，{unit}将把好的做法固定下来，更好地服务群众。",
];

/// What a message of this kind asks for.
pub(super) const fn demands(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Consult => &[
            "请问这种情况应该找哪个部门办理？",
            "需要准备哪些材料，多长时间能办好？",
            "现在执行的政策依据是什么，在哪里可以查到？",
            "能不能在网上办理，还是必须本人到场？",
        ],
        Kind::Help => &[
            "请求贵局出面协调，帮我们渡过难关。",
            "希望能派人到现场看一看。",
            "恳求给我们一条解决的路子。",
            "请帮忙督促有关单位给出时间表。",
        ],
        Kind::Complaint => &[
            "要求书面说明原因并给出解决期限。",
            "请查清是谁的责任，不要再推诿。",
            "要求责任单位当面说明情况。",
            "如果再不处理，我们将继续向上级反映。",
        ],
        Kind::Report => &[
            "请依法查处并公布结果。",
            "请突击检查，不要提前通知对方。",
            "希望为举报人保密。",
            "要求恢复原状，追究相关人员责任。",
        ],
        Kind::Suggestion => &[
            "建议有关部门研究采纳。",
            "建议先试点再推开，并听取居民意见。",
            "希望在规划中统筹考虑。",
            "建议把办理进度定期公布在网上。",
        ],
        Kind::Praise => {
            &["特此表示感谢。", "希望对他们给予表扬。", "这样的服务让人心里暖和。", "为这样的工作作风点赞。"]
        }
        Kind::Other => &["请转给负责的部门。", "仅作情况说明，供参考。", "希望得到关注。"],
    }
}

/// Titles that a message of this kind can have whatever its subject: `{matter}` is put in first.
pub(super) const fn titles(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Consult => &[
            "咨询{matter}的有关政策",
            "请问{village}{matter}怎么办理",
            "关于{matter}需要哪些材料的咨询",
            "{town}{matter}找哪个部门",
        ],
        Kind::Help => &[
            "求助：{village}{matter}问题",
            "请帮忙解决{estate}{matter}",
            "{matter}迟迟没有结果盼解决",
            "{town}居民反映{matter}困难",
        ],
        Kind::Complaint => &[
            "投诉{estate}{matter}久拖不决",
            "{matter}相互推诿多次反映无果",
            "对{town}{matter}不满意",
            "{village}{matter}存在不公",
        ],
        Kind::Report => &[
            "举报{village}{matter}问题",
            "实名举报{town}{matter}",
            "{road}{matter}问题严重请查处",
            "举报{matter}弄虚作假",
        ],
        Kind::Suggestion => &[
            "关于改进{matter}的建议",
            "建议及时公开{matter}进展",
            "对{town}{matter}的几点建议",
            "建议{village}重视{matter}",
        ],
        Kind::Praise => &["感谢工作人员解决{matter}", "为{town}{matter}点赞", "表扬：{matter}高效便民"],
        Kind::Other => &["关于{village}{matter}的情况说明", "{town}{matter}补充材料", "反映{matter}其他情况"],
    }
}

pub(super) const ANSWER_OPENINGS: &[&str] = &[
    "您好！您反映的问题已收悉，经调查核实，现答复如下：",
    "网民您好：来信收悉。接到您的留言后，我局高度重视，立即安排{unit}调查处理，现将有关情况回复如下：",
    "尊敬的来信人：您好！您关于“{title}”的来信已收悉，现回复如下：",
    "您好，感谢您对自然资源工作的关心和支持。经{unit}核实，情况如下：",
    "来信人您好！针对您反映的情况，{unit}于{day}派员到现场进行了核查。",
];

pub(super) const ANSWER_STEPS: &[&str] = &[
    "下一步，我局将会同{town}人民政府跟踪落实，预计{due}前完成。",
    "我局将继续督促{company}履行义务，处理结果另行告知。",
    "目前该事项正在按程序办理，请您耐心等待。",
    "如您对上述情况有异议，可携带相关材料到{unit}当面核对。",
    "同时，我局已要求{town}自然资源所加强巡查，发现问题及时制止。",
    "我们已与您电话沟通，您表示理解。",
    "考虑到涉及{households}户群众，我局已建议{district}召开协调会统筹解决。",
];

pub(super) const ANSWER_ENDS: &[&str] = &[
    "如有疑问，请与{unit}联系，电话{office}。感谢您的监督与支持！",
    "咨询电话：{office}（工作日8:30—12:00，14:30—17:30）。",
    "联系人：{person}，电话：{office}，手机{phone}。祝您生活愉快！",
    "再次感谢您的来信。青溪市自然资源局。",
];

/// Answers that only hold the sender off.
pub(super) const HOLDING_ANSWERS: &[&str] = &[
    "已收悉。",
    "您好，您的来信已收悉，我们会尽快处理。",
    "已转{unit}办理。",
    "您好，您反映的问题已转交{unit}和{town}调查处理，请耐心等待。",
    "已阅，谢谢您的建议。",
    "网友您好，留言已转相关部门，办理结果将及时回复。",
];
